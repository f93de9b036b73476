#!/usr/bin/env python3
"""Compare attention-benchmark with PyTorch, ONNX Runtime and OpenVINO on the same problems, in alternation.

Every contestant computes the same input, and every output is held to float64. Rounds follow each other, each with a new
process a peer; in a round all contestants compute a case before the next case begins. Exit status: 0; 1 when an output
disagrees, this package fails, or no peer is there; 2 for wrong usage.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import cases
from chart import Chart
from cases import UsageError
from package import BenchmarkError, Package
from peer_process import LABELS
from report import Report
from results import Results
from rounds import Files, Rounds


def names(text):
    return [name for name in text.split(",") if name]


def arguments(words):
    parser = argparse.ArgumentParser(prog="peers", description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the attention-benchmark to run")
    parser.add_argument("--cases", type=names, help=f"some of {','.join(cases.NAMED)}; by default all")
    parser.add_argument("--peers", type=names, default=list(LABELS), help=f"some of {','.join(LABELS)}; by default all")
    parser.add_argument("--threads", type=names, help="numbers of threads; by default 1,2")
    parser.add_argument("--rounds", type=int,
                        help="how often everything is measured, 1 to 1000; by default 6, as fewer give no range")
    parser.add_argument("--seconds", type=float, help="for each measurement, up to 60; by default 0.25")
    parser.add_argument("--path", default="auto", help="the path of attention-benchmark; by default auto")
    parser.add_argument("--as-documented", action="store_true",
                        help="only ways that peers' documents show: no query heads of a group as rows of one head")
    parser.add_argument("--quick", action="store_true", help=f"0.1 s a measurement, of {','.join(cases.QUICK)}")
    parser.add_argument("--output", type=Path, default=Path(".build-peers/results"), metavar="DIR",
                        help="where peers.json, peers.md and peers.svg are written; by default .build-peers/results")
    options = parser.parse_args(words)
    try:
        complete(options)
    except UsageError as error:
        parser.error(str(error))
    return options


def complete(options):
    """Fills in what is not given. Raises UsageError for what can't be done."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if options.cases is None:
        options.cases = cases.QUICK if options.quick else list(cases.NAMED)
    options.cases = cases.select(options.cases)
    options.threads = numbers_of_threads(options.threads, available)
    options.rounds = options.rounds if options.rounds is not None else 6
    options.seconds = options.seconds if options.seconds is not None else 0.1 if options.quick else 0.25
    if not 1 <= options.rounds <= 1000:
        raise UsageError(f"--rounds is {options.rounds}: expected 1 to 1000")
    if not 0 < options.seconds <= 60:
        raise UsageError(f"--seconds is {options.seconds}: expected more than 0, at most 60")
    unknown = [peer for peer in options.peers if peer not in LABELS]
    if unknown or not options.peers:
        raise UsageError(f"--peers is '{','.join(options.peers)}': expected some of {', '.join(LABELS)}")
    options.peers = list(dict.fromkeys(options.peers))
    if not os.access(options.program, os.X_OK) or os.path.isdir(options.program):
        raise UsageError(f"{options.program} is no program: expected attention-benchmark")
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--output is {options.output}: {error.strerror}") from error
    if not os.access(options.output, os.W_OK):
        raise UsageError(f"--output is {options.output}: expected a folder that can be written to")


def numbers_of_threads(given, available):
    if given is None:
        return [1, 2] if available > 1 else [1]
    if not given or not all(text.isdecimal() and 1 <= int(text) <= available for text in given):
        raise UsageError(f"--threads is '{','.join(given)}': expected numbers from 1 to {available}, with commas")
    return sorted({int(text) for text in given})


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "CPU not known")


def machine_lines(options, package, results, load):
    """What the figures were measured on and with."""
    settings = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("OPENBLAS_")]
    yield f"{processor()}; load {load:.1f} before the run" + (", so figures are rough" if load > 0.5 else "")
    yield (f"attention: {package.machine['blas_library']}, {package.machine['blas_core']} kernels"
           f" ({' '.join(settings) or 'no OPENBLAS_* set'}); own kernels"
           f" {package.machine['kernel_set']}; path {options.path}")
    if results.versions:
        yield "peers: " + ", ".join(f"{label} {version}" for label, version in results.versions.items())
    yield (f"{options.rounds} round{'s' if options.rounds > 1 else ''} of {options.seconds:g} s; "
           + ("peers' ways as documented" if options.as_documented else "the fastest of each peer's ways"))


def say(words, detail=""):
    """Progress: on one line of a terminal; elsewhere a line for each new `words`, without details."""
    if sys.stderr.isatty():
        print(f"\r\033[K{words}{detail}", end="", file=sys.stderr, flush=True)
    elif words and not detail:
        print(words, file=sys.stderr, flush=True)


def main(words):
    options = arguments(words)
    load = os.getloadavg()[0]
    package, results = Package(options.program, options.path), Results(Package.label)
    rounds = Rounds(options.cases, options.threads, options.peers, options.rounds, options.seconds,
                    not options.as_documented)
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        try:
            rounds.run(package, Files(Path(folder)), results, say)
        except BenchmarkError as error:
            say("")
            print(f"peers: attention-benchmark failed: {error}", file=sys.stderr)
            return 1
    say("")
    report = Report(results, options.cases, options.threads, list(machine_lines(options, package, results, load)))
    given = {key: getattr(options, key) for key in ("threads", "rounds", "seconds", "path", "peers", "as_documented")}
    subtitle = f"{processor()}, OpenBLAS kernels {package.machine['blas_core']}"
    for name, text in (("json", report.json(given, package.machine)), ("md", report.markdown()),
                       ("svg", Chart(results, options.cases, options.threads, subtitle).svg())):
        (options.output / f"peers.{name}").write_text(text)
    print(report.text(), end="")
    print(f"written: {options.output}/peers.json, peers.md, peers.svg", file=sys.stderr)
    own_failures = [note for note in results.failures if f": {package.label} failed" in note]
    return 1 if results.disagreements or own_failures or len(results.labels) < 2 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
