"""This package, measured by its attention-benchmark: each time a new process, on a plan and memory used again."""

import json
import os
import subprocess

import numpy

import reference
import tensors
from peer_process import TIME_LIMIT, clean_environment


class BenchmarkError(Exception):
    """What attention-benchmark says when it fails."""


class Package:
    name, label = "attention", "attention"

    def __init__(self, program, path):
        self.program, self.path = str(program), path
        self.machine = {}
        """Which OpenBLAS kernels ran, the library, the instruction set of the package's own kernels."""

    def run(self, cases, threads, *options):
        command = [self.program, "--alone", "--path", self.path, "--format", "json"]
        command += [word for count in threads for word in ("--threads", str(count))]
        command += [word for case in cases for word in case.arguments] + list(options)
        try:
            process = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT,
                                     env=clean_environment(os.environ), check=False)
        except OSError as error:
            raise BenchmarkError(f"{self.program}: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise BenchmarkError(f"{self.program}: no answer within {TIME_LIMIT} s") from error
        if process.returncode:
            lines = process.stderr.strip().splitlines()
            words = [line for line in lines if line.startswith("Error: ")] or lines[-1:]
            raise BenchmarkError(": ".join([f"status {process.returncode}", *words]))
        try:
            return json.loads(process.stdout)
        except ValueError as error:
            raise BenchmarkError(f"{self.program}: no results in JSON ({error})") from error

    def export(self, case, threads, files):
        """Writes the case's input and the package's outputs, and what is right in float64; how far they are from it."""
        found = self.run([case], threads, "--samples", "1", "--seconds", "0.001", "--export", str(files.folder))
        self.machine = {key: found[0][key] for key in ("blas_core", "blas_library", "kernel_set")}
        given = tensors.read(files.tensors(case))
        expected = reference.output(case, given)
        numpy.save(files.expected(case), expected)
        outputs = {name: numbers for name, numbers in given.items() if name.startswith("output.")}
        return {name: reference.Agreement.of(numbers, expected) for name, numbers in outputs.items()}

    def measure(self, case, threads, seconds, files, rewritten):
        try:
            (found,) = self.run([case], [threads], "--samples", "10000", "--seconds", str(seconds))
        except BenchmarkError as error:
            return {"failure": str(error)}
        taken = f" → {found['plan_path']}" if found["plan_path"] != found["path"] else ""
        # The benchmark ends with an error where it disagrees with its own loops in Double.
        return {"seconds": found["median_ms"] / 1000, "samples": found["samples"], "way": found["path"] + taken,
                "error": found["max_error"], "agrees": True, "words": ""}
