import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path

import compare
import measurement
from candidate import Candidate
from cases import NAMED
from package import BenchmarkError, Package
from peer_process import PeerProcess, clean_environment


class ArgumentsTests(unittest.TestCase):
    def parse(self, *words):
        with tempfile.TemporaryDirectory() as folder:
            return compare.arguments(["--output", folder, *words, sys.executable])

    def test_defaults(self):
        options = self.parse()
        self.assertEqual((len(options.cases), options.rounds, options.seconds), (19, 6, 0.25))
        self.assertEqual(options.peers, ["pytorch", "onnxruntime", "openvino"])

    def test_quick(self):
        options = self.parse("--quick", "--rounds", "7")
        self.assertEqual((len(options.cases), options.rounds, options.seconds), (4, 7, 0.1))

    def test_wrong_usage(self):
        for words, expected in (
            (["--cases", "bert"], "names 'bert'"), (["--cases", ""], "--cases is empty"),
            (["--peers", "jax"], "--peers is 'jax'"), (["--peers", ","], "expected some of pytorch"),
            (["--threads", "0"], "--threads is '0'"), (["--threads", "1,x"], "--threads is '1,x'"),
            (["--threads", "100000"], "expected numbers from 1 to"), (["--rounds", "0"], "--rounds is 0"),
            (["--rounds", "x"], "--rounds"), (["--seconds", "0"], "--seconds is 0"),
            (["--seconds", "nan"], "--seconds is nan"),
            (["--output", "/dev/null/x"], "--output is /dev/null/x"), (["/no/such/program"], "arguments"),
        ):
            with self.subTest(words=words):
                errors = io.StringIO()
                with self.assertRaises(SystemExit) as end, contextlib.redirect_stderr(errors):
                    self.parse(*words)
                self.assertEqual(end.exception.code, 2)
                self.assertIn(expected, errors.getvalue())

    def test_program_must_be_one(self):
        errors = io.StringIO()
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(errors), tempfile.TemporaryDirectory() as folder:
            compare.arguments(["--output", folder, folder])
        self.assertIn("is no program: expected attention-benchmark", errors.getvalue())


class EnvironmentTests(unittest.TestCase):
    def test_threading_settings_are_left_out(self):
        given = {"OMP_NUM_THREADS": "1", "KMP_AFFINITY": "x", "OPENBLAS_CORETYPE": "Haswell", "PATH": "p"}
        self.assertEqual(clean_environment(given), {"OPENBLAS_CORETYPE": "Haswell", "PATH": "p"})

    def test_a_process_that_ends_is_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            process = PeerProcess("pytorch", Path(folder) / "log")
            process.process.kill()
            self.assertFalse(process.greet())
            self.assertIn("ended with status", process.missing)
            process.close()


class PackageTests(unittest.TestCase):
    def program(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "program"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return Package(path, "tiled")

    def test_arguments_and_results(self):
        package = self.program("""case "$*" in
          "--alone --path tiled --format json --threads 2 --case vit --samples 10000 --seconds 0.5") ;;
          *) exit 3 ;; esac
          echo '[{"path": "tiled", "plan_path": "tiled", "median_ms": 2.5, "samples": 7, "max_error": 1e-7}]'""")
        found = package.measure(NAMED["vit"], 2, 0.5, None, False)
        self.assertEqual(found, {"seconds": 0.0025, "samples": 7, "way": "tiled", "error": 1e-7, "agrees": True,
                                 "words": ""})

    def test_failures(self):
        package = self.program("echo first >&2; echo vit: tiled disagrees >&2; exit 1")
        found = package.measure(NAMED["vit"], 1, 1, None, False)
        self.assertEqual(found, {"failure": "status 1: vit: tiled disagrees"})
        with self.assertRaisesRegex(BenchmarkError, "status 64: Error: wrong$"):
            self.program("echo Error: wrong >&2; echo Usage: >&2; exit 64").run([NAMED["vit"]], [1])
        with self.assertRaisesRegex(BenchmarkError, "no results in JSON"):
            self.program("echo text").run([NAMED["vit"]], [1])
        with self.assertRaisesRegex(BenchmarkError, "No such file"):
            Package("/no/such/program", "auto").run([NAMED["vit"]], [1])


class MeasurementTests(unittest.TestCase):
    def test_calls_fill_the_shortest_time(self):
        self.assertEqual([measurement.calls_for(seconds) for seconds in (0, 0.0005, 0.0015, 1)], [1000, 4, 2, 1])

    def test_prepares_before_each_sample_and_warms_up(self):
        calls = []
        candidate = Candidate("", lambda: calls.append("run"), lambda: None, lambda: calls.append("prepare"))
        measurement.sample(candidate, calls=2)
        self.assertEqual(calls, ["prepare", "run", "run", "run"])

    def test_at_least_three_samples(self):
        seconds, count = measurement.median(Candidate("", lambda: None, lambda: None), 1e-9)
        self.assertGreater(seconds, 0)
        self.assertEqual(count, 3)

    def test_the_fastest_wins(self):
        quick = Candidate("quick", lambda: None, lambda: None)
        slow = Candidate("slow", lambda: sum(range(10_000)), lambda: None)
        self.assertIs(measurement.fastest([slow, quick]), quick)
