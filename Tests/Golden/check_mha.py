#!/usr/bin/env python3
"""Compare `attention mha` with nn.MultiheadAttention on freshly drawn cases, on every path, in Float and Double.

Cases are drawn as those of mha_sweep.safetensors, but larger. The seed is printed; the same seed
draws the same cases. Exit status: 0 when every number is within its bound, else 1.
"""

import argparse
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from safetensors.torch import load_file, save_file

from generate_mha_sweep import COMBINATIONS, Case, Limits, prepare

LIMITS = Limits(batch=4, heads=6, head_size=19, length=150)
PATHS = ("reference", "blas", "tiled")


class Worst:
    """The comparison that came nearest to its bound, or went farthest beyond it."""

    def __init__(self):
        self.ratio, self.words, self.failures, self.count = -1.0, "nothing was compared", [], 0

    def compare(self, what, actual, expected, absolute, relative):
        self.count += 1
        if actual is None or actual.shape != expected.shape or actual.isnan().any():
            found = "missing" if actual is None else f"of shape {list(actual.shape)}, or NaN in places"
            return self.fail(f"{what}: {found}, expected shape {list(expected.shape)}")
        if expected.numel() == 0:
            return
        bound = absolute + relative * expected.abs()
        error = (actual - expected).abs()
        ratios = torch.where(error > 0, error / bound, 0.0).flatten()
        place = int(ratios.argmax())
        ratio, allowed, found = (numbers.flatten()[place].item() for numbers in (ratios, bound, error))
        index = [int(i) for i in torch.unravel_index(torch.tensor(place), expected.shape)]
        words = f"{what}{index}: error {found:.3g}, allowed {allowed:.3g}"
        if ratio > self.ratio:
            self.ratio, self.words = ratio, words
        if ratio > 1:
            self.fail(words)

    def fail(self, words):
        self.failures.append(words)
        print(f"FAILED {words}")


def arguments_of(case):
    """The command line's options that say what the case's fields say."""
    given = ["--heads", str(case.heads)]
    for option, holds in (("--causal", case.causal), ("--add-zero-attn", case.add_zero_attn),
                          ("--sequence-first", case.form == "sequence_first"),
                          ("--need-weights", case.weights_kind == "averaged"),
                          ("--per-head", case.weights_kind == "per_head")):
        if holds:
            given.append(option)
    return given


def check(case, attention, folder, worst):
    def full(tensor):
        # Inputs in float64, so that results are written in float64 whatever they are computed in.
        return tensor.contiguous().clone() if tensor.dtype == torch.bool else tensor.double().contiguous().clone()

    inputs = {"query": case.query, "key": case.key, "value": case.value, "attn_mask": case.attn_mask,
              "key_padding_mask": case.key_padding_mask}
    save_file({name: full(tensor) for name, tensor in inputs.items() if tensor is not None}, folder / "in")
    save_file({name: tensor.contiguous() for name, tensor in case.state.items()}, folder / "state")
    expected = {"output": case.output, "weights": case.weights}
    for path in PATHS:
        for precision in ("f32", "f64"):
            what = f"case {case.name}, {path}, {precision}"
            run = subprocess.run(
                [attention, "mha", folder / "in", "--weights", folder / "state", "--output", folder / "out",
                 "--path", path, "--precision", precision, *arguments_of(case)], capture_output=True, text=True)
            if run.returncode != 0:
                worst.fail(f"{what}: exit status {run.returncode}: {run.stderr.strip()}")
                continue
            results = load_file(folder / "out")
            for name, numbers in expected.items():
                if numbers is None:
                    if name in results:
                        worst.fail(f"{what}: {name} that nobody asked for")
                    continue
                bounds = (1e-5, 2e-5) if precision == "f32" else (1e-12 * numbers.abs().max().item(), 0.0)
                worst.compare(f"{what}, {name}", results.get(name), numbers, *bounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("attention", type=Path, help="the built tool")
    parser.add_argument("--seed", type=int, help="the seed of an earlier run (default: a fresh one)")
    parser.add_argument("--cases", type=int, default=120,
                        help=f"how many cases to draw; {len(COMBINATIONS)} hold each combination of options once")
    arguments = parser.parse_args()
    seed = secrets.randbits(32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}: torch {torch.__version__}, {arguments.cases} cases on {', '.join(PATHS)}", flush=True)
    prepare()
    worst = Worst()
    with tempfile.TemporaryDirectory() as folder:
        order = numpy.random.default_rng(seed).permutation(len(COMBINATIONS))
        for index in range(arguments.cases):
            combination = COMBINATIONS[order[index % len(COMBINATIONS)]]
            case = Case(f"{index:03}", combination, [seed, index], LIMITS)
            failed = len(worst.failures)
            check(case, arguments.attention.resolve(), Path(folder), worst)
            if len(worst.failures) > failed:
                print(f"  case {case.name}: {case.fields}")
    print(f"worst: {worst.words} ({worst.ratio:.2g} of the bound)")
    if worst.failures:
        print(f"{len(worst.failures)} of {worst.count} comparisons failed; again with SEED={seed} CASES={arguments.cases}")
        sys.exit(1)
    print(f"all {worst.count} comparisons are within their bounds")


if __name__ == "__main__":
    main()
