import unittest

from cases import NAMED
from results import Results
from rounds import Rounds


class RoundsTests(unittest.TestCase):
    def setUp(self):
        self.results = Results("attention")

    def add(self, **answer):
        Rounds.add(NAMED["vit"], 2, 0, "PyTorch", answer, self.results)

    def test_what_agrees_counts(self):
        self.add(seconds=0.5, samples=3, way="SDPA", error=1e-7, agrees=True, words="")
        self.assertEqual([(sample.seconds, sample.way) for sample in self.results.samples], [(0.5, "SDPA")])
        self.assertEqual(self.results.disagreements, [])

    def test_what_disagrees_has_no_speed(self):
        self.add(seconds=0.5, samples=3, way="SDPA", error=1.0, agrees=False, words="[0]: 1 for 0")
        self.assertEqual(self.results.samples, [])
        self.assertEqual(self.results.disagreements, ["vit: PyTorch disagrees, SDPA, threads 2, at [0]: 1 for 0"])
        self.assertEqual(self.results.errors, {("vit", "PyTorch"): 1.0})

    def test_failures_are_told_once(self):
        self.add(failure="ended with status -9")
        self.add(failure="ended with status -9")
        self.assertEqual(self.results.failures, ["vit, threads 2: PyTorch failed: ended with status -9"])

    def test_contestants_take_turns_to_begin(self):
        order = []

        class Contestant:
            version, missing = "1", None

            def __init__(self, label):
                self.label = label

            def greet(self):
                return self.label != "absent"

            def measure(self, case, threads, *_):
                order.append((self.label, case.name, threads))
                return {"failure": "none"}

        rounds = Rounds([NAMED["vit"]], [1, 2], [], 1, 0.1, False)
        rounds.round(1, Contestant("own"), [Contestant("A"), Contestant("absent"), Contestant("B")], None, self.results,
                     lambda words, detail="": None)
        self.assertEqual(order, [(label, "vit", threads) for threads in (1, 2) for label in ("A", "B", "own")])
        self.assertEqual(list(self.results.missing), ["absent"])
        self.assertEqual(self.results.versions, {"A": "1", "B": "1"})
