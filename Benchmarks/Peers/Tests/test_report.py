import json
import unittest
import xml.etree.ElementTree

from cases import select
from chart import Chart
from report import Report, number
from results import Results, Sample


class ReportTests(unittest.TestCase):
    def setUp(self):
        self.cases = select(["bert512", "decode1k"])
        self.results = Results("attention")
        for index in range(3):
            for label, seconds in (("attention", 0.005), ("PyTorch", 0.01), ("A & B", 0.02)):
                self.results.samples.append(Sample("bert512", 2, label, index, seconds, "a way", 3))
            self.results.samples.append(Sample("decode1k", 2, "attention", index, 0.001, "auto", 3))
        self.results.check(self.cases[0], "PyTorch", "", True, 3e-7, "")
        self.results.missing["OpenVINO"] = "ImportError: no"
        self.report = Report(self.results, self.cases, [2], ["Some CPU"])

    def test_numbers(self):
        self.assertEqual([number(value) for value in (123.4, 100, 12.34, 1.234, 0.1234, None)],
                         ["123", "100", "12.3", "1.23", "0.12", "–"])

    def test_rows(self):
        head, bert, decode = self.report.rows()
        self.assertEqual(head[2:6], ["attention", "PyTorch", "A & B", "attention / best"])
        self.assertEqual(bert, ["bert512", "2", "161", "80.5", "40.3", "2.00", "–", "PyTorch", "a way", "3.0e-07"])
        self.assertEqual(decode[:8], ["decode1k", "2", "3.15", "–", "–", "–", "–", "–"])

    def test_text(self):
        lines = self.report.text().splitlines()
        self.assertEqual(lines[0], "Some CPU")
        self.assertEqual(lines[-1], "OpenVINO is missing: ImportError: no")
        self.assertEqual(
            lines[-2], "prefill, threads 2: 2.00 × the best peer (PyTorch 2.00, A & B 4.00), geometric mean of 1")

    def test_markdown_columns_agree(self):
        rows = [line for line in self.report.markdown().splitlines() if line.startswith("|")]
        self.assertEqual(len(rows), 4)
        self.assertEqual({row.count("|") for row in rows}, {11})
        self.assertEqual(len({len(row) for row in rows}), 1)
        self.assertTrue(rows[1].replace(" ", "").startswith("|--------|------:|"), rows[1])

    def test_json(self):
        found = json.loads(self.report.json({"rounds": 3}, {"blas_core": "Haswell"}))
        self.assertEqual(found["options"], {"rounds": 3})
        self.assertEqual(found["kernels"], {"blas_core": "Haswell"})
        bert = found["results"][0]
        self.assertEqual(bert["best_peer"], "PyTorch")
        self.assertEqual(bert["contestants"]["PyTorch"]["seconds"], [0.01] * 3)
        self.assertAlmostEqual(bert["contestants"]["A & B"]["ratio"]["value"], 4)
        self.assertIsNone(found["results"][1]["contestants"]["PyTorch"]["gflops"])
        self.assertEqual(found["missing"], {"OpenVINO": "ImportError: no"})

    def test_chart(self):
        chart = Chart(self.results, self.cases, [1, 2], "<some CPU>")
        root = xml.etree.ElementTree.fromstring(chart.svg())
        words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertEqual(words.count("bert512"), 1)
        self.assertIn("161", words)
        self.assertIn("times the best peer, 1 thread", words)
        self.assertAlmostEqual(chart.share(self.cases[0], 2, "attention"), 2)
        self.assertAlmostEqual(chart.share(self.cases[0], 2, "A & B"), 0.5)
        self.assertAlmostEqual(chart.share(self.cases[1], 2, "attention"), 1)
        self.assertIsNone(chart.share(self.cases[0], 1, "attention"))
