import unittest

from cases import NAMED
from results import Ratio, Results, Sample


def sample(label, index, seconds, threads=1, way="way"):
    return Sample("bert512", threads, label, index, seconds, way, 3)


class RatioTests(unittest.TestCase):
    def test_geometric_mean_and_range(self):
        ratio = Ratio.of([1, 2, 4])
        self.assertAlmostEqual(ratio.value, 2)
        # Logarithms 0, ln 2, 2·ln 2: deviation ln 2, error ln 2 / √3, Student's t for two degrees 4.303.
        reach = 2 ** (4.303 / 3**0.5)
        self.assertAlmostEqual(ratio.low, 2 / reach)
        self.assertAlmostEqual(ratio.high, 2 * reach)

    def test_no_spread(self):
        self.assertEqual(Ratio.of([1, 1]), Ratio(1, 1, 1))

    def test_one_round_has_no_range(self):
        self.assertEqual(Ratio.of([1]), Ratio(1, None, None))

    def test_more_rounds_than_the_table(self):
        self.assertAlmostEqual(Ratio.of([1, 4] * 50).value, 2)


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
        self.assertAlmostEqual(self.results.ratio(self.case, 1, "A").value, (2 * 3 * 4) ** (1 / 3))
        self.results.samples = [entry for entry in self.results.samples if (entry.label, entry.round) != ("A", 1)]
        self.assertAlmostEqual(self.results.ratio(self.case, 1, "A").value, 8**0.5)
        self.results.samples = [entry for entry in self.results.samples if entry.label != "own"]
        self.assertIsNone(self.results.ratio(self.case, 1, "A"))

    def test_most_frequent_way_first(self):
        self.assertEqual(self.results.ways(self.case, 1, "B"), ["other", "way"])

    def test_mean_ratio_leaves_out_what_was_not_measured(self):
        self.assertAlmostEqual(self.results.mean_ratio([self.case, NAMED["gpt2"]], 1, "A"), 24 ** (1 / 3))
        self.assertIsNone(self.results.mean_ratio([NAMED["gpt2"]], 1))

    def test_checks(self):
        self.results.check(self.case, "A", "", True, 1e-7, "")
        self.results.check(self.case, "A", "", True, 1e-8, "")
        self.assertEqual(self.results.errors, {("bert512", "A"): 1e-7})
        for _ in range(2):
            self.results.check(self.case, "A", "way, ", False, 1, "[0]: 1 for 0")
        self.assertEqual(self.results.disagreements, ["bert512: A disagrees, way, at [0]: 1 for 0"])
