"""How long a candidate's runs take, measured the way attention-benchmark measures."""

import gc
import math
import statistics
import time

SHORTEST = 0.002
"""Seconds: below, the clock and the call to it count, so that several runs are timed together."""

TRIAL = 0.03
"""Seconds in which a candidate shows how fast it is."""


def calls_for(estimate):
    """How many runs are timed together."""
    return max(1, min(1000, math.ceil(SHORTEST / max(estimate, 1e-9))))


def sample(candidate, calls=1):
    """Seconds of a run."""
    if candidate.prepare:
        candidate.prepare()
        candidate.run()
    run = candidate.run
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def samples(candidate, seconds, least=3):
    """Seconds of a run, again and again for so long, at least so often, after runs that warm up."""
    estimate = sample(candidate)
    if estimate < 10 * SHORTEST:
        estimate = sample(candidate, calls_for(estimate))
    calls, found = calls_for(estimate), []
    gc.collect()
    gc.disable()
    try:
        end = time.perf_counter() + seconds
        while len(found) < least or time.perf_counter() < end:
            found.append(sample(candidate, calls))
    finally:
        gc.enable()
    return found


def fastest(candidates):
    """The candidate that is fastest in a short trial; a single one is not tried."""
    if len(candidates) == 1:
        return candidates[0]
    return min(candidates, key=lambda candidate: min(samples(candidate, TRIAL, least=1)))


def median(candidate, seconds):
    """Seconds of a run, and how many samples that is the median of."""
    found = samples(candidate, seconds)
    return statistics.median(found), len(found)
