"""A peer in a process of its own, as the comparison sees it."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

LABELS = {"pytorch": "PyTorch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}

TIME_LIMIT = 600
"""Seconds for an answer."""

THREADING = ("OMP_", "GOMP_", "KMP_", "MKL_", "DNNL_", "ONEDNN_", "ATEN_", "TBB_", "ORT_", "OV_")


def clean_environment(environment):
    """Without settings that would pin, slow or quicken a library behind the comparison's back."""
    return {name: value for name, value in environment.items() if not name.startswith(THREADING)}


class PeerProcess:
    """Started at once; `greet` waits until it is ready."""

    def __init__(self, name, log):
        self.name, self.label, self.log = name, LABELS[name], Path(log)
        self.version, self.missing = None, None
        # NumPy's BLAS has no part in what is timed: threads of its own would only be in the way.
        environment = clean_environment(os.environ) | {"OPENBLAS_NUM_THREADS": "1"}
        with open(self.log, "wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-B", str(Path(__file__).with_name("worker.py")), name], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors, env=environment, text=True)

    def greet(self):
        """Whether it is there; `missing` says why not."""
        answer = self.answer()
        self.version = answer.get("version")
        self.missing = answer.get("missing", answer.get("failure"))
        return self.missing is None

    def measure(self, case, threads, seconds, files, rewritten):
        """What worker.measure gives, or {"failure": why}."""
        request = {"case": case.name, "threads": threads, "seconds": seconds, "tensors": str(files.tensors(case)),
                   "expected": str(files.expected(case)), "rewritten": rewritten}
        try:
            print(json.dumps(request), file=self.process.stdin, flush=True)
        except OSError:
            return {"failure": self.end_words()}
        return self.answer()

    def answer(self):
        ready, _, _ = select.select([self.process.stdout], [], [], TIME_LIMIT)
        if not ready:
            self.process.kill()
            return {"failure": f"no answer within {TIME_LIMIT} s"}
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"failure": self.end_words()}

    def end_words(self):
        status = self.process.wait()
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return f"ended with status {status}" + (f": {lines[-1]}" if lines else "")

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
