import unittest

from cases import NAMED
from results import Ratio, Results, Sample


def sample(label, index, seconds, threads=1, way="way"):
    return Sample("bert512", threads, label, index, seconds, way, 3)


class RatioTests(unittest.TestCase):
    def test_median_and_range(self):
        # All of six rounds: 2 / 2⁶ = 3.1 % beyond them.
        self.assertEqual(Ratio.of([9, 1, 4, 2, 3, 7]), Ratio(3.5, 1, 9))
        # Nine rounds without the first and the last: 2·(1 + 9) / 2⁹ = 3.9 %.
        self.assertEqual(Ratio.of([1000, 1, 2, 3, 4, 5, 6, 7, 0.01]), Ratio(4, 1, 7))
        # The same of eight would leave out 7 %.
        self.assertEqual(Ratio.of([1, 2, 3, 4, 5, 6, 7, 8]), Ratio(4.5, 1, 8))

    def test_too_few_rounds_for_a_range(self):
        self.assertEqual(Ratio.of([2]), Ratio(2, None, None))
        self.assertEqual(Ratio.of([1, 2, 3, 4, 5]), Ratio(3, None, None))

    def test_many_rounds(self):
        # Conover's table: of 20, the sixth and the fifteenth.
        self.assertEqual(Ratio.of(range(1, 21)), Ratio(10.5, 6, 15))


class ResultsTests(unittest.TestCase):
    def setUp(self):
        self.case = NAMED["bert512"]
        self.results = Results("own")
        self.results.samples = [
            sample("A", 0, 4), sample("B", 0, 3), sample("own", 0, 2),
            sample("A", 1, 6), sample("B", 1, 9, way="other"), sample("own", 1, 2),
            sample("A", 2, 8), sample("B", 2, 9, way="other"), sample("own", 2, 2),
        ]

    def test_own_label_comes_first(self):
        self.assertEqual(self.results.labels, ["own", "A", "B"])

    def test_rate_is_by_the_median(self):
        self.assertAlmostEqual(self.results.rate(self.case, 1, "A"), 0.805306368 / 6)
        self.assertIsNone(self.results.rate(self.case, 2, "A"))

    def test_best_peer_is_by_the_median_too(self):
        self.assertEqual(self.results.best_peer(self.case, 1), "A")
        self.assertIsNone(self.results.best_peer(self.case, 2))
        self.assertIsNone(self.results.ratio_to_best(self.case, 2))

    def test_ratio_pairs_rounds(self):
        self.assertAlmostEqual(self.results.ratio(self.case, 1, "A").value, 3)
        self.results.samples = [entry for entry in self.results.samples if (entry.label, entry.round) != ("A", 1)]
        self.assertAlmostEqual(self.results.ratio(self.case, 1, "A").value, (2 + 4) / 2)
        self.results.samples = [entry for entry in self.results.samples if entry.label != "own"]
        self.assertIsNone(self.results.ratio(self.case, 1, "A"))

    def test_most_frequent_way_first(self):
        self.assertEqual(self.results.ways(self.case, 1, "B"), ["other", "way"])

    def test_mean_ratio_leaves_out_what_was_not_measured(self):
        self.assertAlmostEqual(self.results.mean_ratio([self.case, NAMED["gpt2"]], 1, "A"), 3)
        self.assertIsNone(self.results.mean_ratio([NAMED["gpt2"]], 1))

    def test_checks(self):
        self.results.check(self.case, "A", "", True, 1e-7, "")
        self.results.check(self.case, "A", "", True, 1e-8, "")
        self.assertEqual(self.results.errors, {("bert512", "A"): 1e-7})
        for _ in range(2):
            self.results.check(self.case, "A", "way, ", False, 1, "[0]: 1 for 0")
        self.assertEqual(self.results.disagreements, ["bert512: A disagrees, way, at [0]: 1 for 0"])
