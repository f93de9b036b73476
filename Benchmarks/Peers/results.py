"""What was measured, and the ratios that follow."""

import math
import statistics
from collections import Counter
from dataclasses import dataclass, field

@dataclass(frozen=True)
class Sample:
    """One contestant's median in one round."""

    case: str
    threads: int
    label: str
    round: int
    seconds: float
    way: str
    runs: int


@dataclass(frozen=True)
class Ratio:
    """A median over rounds, and the range in which it lies with at least 95 % confidence; None from fewer than six."""

    value: float
    low: float | None
    high: float | None

    @staticmethod
    def of(ratios):
        """The range is that of order statistics (Conover, Practical Nonparametric Statistics, 3.2): no distribution is
        assumed, and one round in which the machine did something else moves neither the median nor, from nine rounds
        on, the range.
        """
        ordered, count = sorted(ratios), len(ratios)
        # How many rounds are left out at either end: the chance that the median lies among them is 5 % at most.
        outside, chance = 0, 2 / 2**count
        while chance <= 0.05:
            outside += 1
            chance += 2 * math.comb(count, outside) / 2**count
        if outside == 0:
            return Ratio(statistics.median(ordered), None, None)
        return Ratio(statistics.median(ordered), ordered[outside - 1], ordered[count - outside])


@dataclass
class Results:
    own: str
    """The label that ratios are of; the others are its peers."""
    samples: list = field(default_factory=list)
    versions: dict = field(default_factory=dict)
    missing: dict = field(default_factory=dict)
    failures: list = field(default_factory=list)
    disagreements: list = field(default_factory=list)
    errors: dict = field(default_factory=dict)
    """The largest error by case and label."""

    def check(self, case, label, where, agrees, error, words):
        key = (case.name, label)
        self.errors[key] = max(error, self.errors.get(key, 0))
        if not agrees:
            self.note(self.disagreements, f"{case.name}: {label} disagrees, {where}at {words}")

    def fail(self, case, threads, label, why):
        self.note(self.failures, f"{case.name}, threads {threads}: {label} failed: {why}")

    @staticmethod
    def note(notes, words):
        if words not in notes:
            notes.append(words)

    @property
    def labels(self):
        """Contestants that were measured, this package first."""
        found = list(dict.fromkeys(sample.label for sample in self.samples))
        return sorted(found, key=lambda label: label != self.own)

    def seconds(self, case, threads, label):
        """The median of each round, by round."""
        return {sample.round: sample.seconds for sample in self.samples
                if (sample.case, sample.threads, sample.label) == (case.name, threads, label)}

    def rate(self, case, threads, label):
        """GFLOP/s by the median over rounds; None where nothing was measured."""
        found = self.seconds(case, threads, label).values()
        return case.operations / statistics.median(found) / 1e9 if found else None

    def ways(self, case, threads, label):
        """How it computed the case, the most frequent way first."""
        ways = Counter(sample.way for sample in self.samples
                       if (sample.case, sample.threads, sample.label) == (case.name, threads, label))
        return [way for way, _ in ways.most_common()]

    def best_peer(self, case, threads):
        """The peer with the highest rate; None where none was measured."""
        rates = {label: self.rate(case, threads, label) for label in self.labels if label != self.own}
        rates = {label: rate for label, rate in rates.items() if rate is not None}
        return max(rates, key=rates.get) if rates else None

    def ratio(self, case, threads, peer):
        """This package's speed by a peer's, over the rounds that have both; None where there are none."""
        own, other = self.seconds(case, threads, self.own), self.seconds(case, threads, peer)
        ratios = [other[index] / own[index] for index in own if index in other]
        return Ratio.of(ratios) if ratios else None

    def ratio_to_best(self, case, threads):
        peer = self.best_peer(case, threads)
        return self.ratio(case, threads, peer) if peer else None

    def mean_ratio(self, cases, threads, peer=None):
        """The geometric mean over cases, to the best peer of each or to one; None where there is no ratio."""
        found = [self.ratio(case, threads, peer) if peer else self.ratio_to_best(case, threads) for case in cases]
        values = [ratio.value for ratio in found if ratio]
        return statistics.geometric_mean(values) if values else None
