#!/usr/bin/env python3
"""Write mha_sweep.safetensors: nn.MultiheadAttention under every combination of its options.

Appended keys (add_bias_kv, add_zero_attn), both masks, is_causal and the form of the inputs are
combined in all ways, once each; the other options and all sizes are drawn. README.md describes
the file. check_mha.py draws further cases from here and compares the tool `attention` with them.

Requirements (Python 3.11 or later):
    pip install torch==2.13.0 numpy==2.4.6 safetensors==0.8.0
"""

import argparse
import itertools
import math
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
from torch import nn

from golden import Golden, agree

SEED = 20170612
COMBINATIONS = list(itertools.product(
    (False, True),  # add_bias_kv
    (False, True),  # add_zero_attn
    (None, "bool", "float", "bool_3d", "float_3d"),  # attn_mask
    (None, "bool", "float"),  # key_padding_mask
    (False, True),  # is_causal
    ("batch_first", "sequence_first", "unbatched"),
))


@dataclass(frozen=True)
class Limits:
    """The largest sizes drawn."""
    batch: int = 3
    heads: int = 4
    head_size: int = 4
    length: int = 7


class Case:
    """A layer, its inputs and masks, drawn, and what PyTorch makes of them in float64."""

    def __init__(self, name, combination, seed, limits):
        self.name = name
        (self.add_bias_kv, self.add_zero_attn, self.attn_mask_kind, self.padding_kind, self.causal,
         self.form) = combination
        self.stream = numpy.random.default_rng(seed)
        self.draw_sizes(limits)
        self.draw_module()
        self.draw_inputs()
        self.draw_masks()
        self.compute()

    # Drawing

    def integer(self, low, high):
        return int(self.stream.integers(low, high + 1))

    def choice(self, *choices):
        return choices[self.integer(0, len(choices) - 1)]

    def normal(self, *shape, spread=1.0):
        drawn = self.stream.standard_normal(shape, dtype=numpy.float32)
        return torch.from_numpy(drawn * numpy.float32(spread))

    def draw_sizes(self, limits):
        self.batch = 1 if self.form == "unbatched" else self.integer(1, limits.batch)
        self.heads = self.integer(1, limits.heads)
        self.embed_size = self.heads * self.integer(1, limits.head_size)
        self.queries = self.integer(1, limits.length)
        self.keys = self.integer(1, limits.length)
        self.key_size = self.value_size = self.embed_size
        # Which inputs are one tensor: all three, key and value, or none.
        self.inputs = self.choice("self", "memory", "separate")
        if self.inputs == "self":
            self.keys = self.queries
        elif self.choice(True, False):
            self.key_size = self.value_size = self.integer(1, limits.heads * limits.head_size)
            if self.inputs == "separate":
                self.value_size = self.integer(1, limits.heads * limits.head_size)
        self.bias = self.choice(True, False)
        self.weights_kind = self.choice(None, "averaged", "per_head")

    def draw_module(self):
        self.module = nn.MultiheadAttention(
            self.embed_size, self.heads, bias=self.bias, add_bias_kv=self.add_bias_kv,
            add_zero_attn=self.add_zero_attn, kdim=self.key_size, vdim=self.value_size,
            batch_first=self.form == "batch_first", dtype=torch.float64).eval()
        for name, parameter in self.module.named_parameters():
            spread = 0.5 if "bias" in name else 1 / math.sqrt(parameter.shape[-1])
            parameter.copy_(self.normal(*parameter.shape, spread=spread))

    def draw_inputs(self):
        def sequence(rows, size):
            outer = {"batch_first": (self.batch, rows), "sequence_first": (rows, self.batch),
                     "unbatched": (rows,)}[self.form]
            return self.normal(*outer, size)

        self.query = sequence(self.queries, self.embed_size)
        self.key = self.query if self.inputs == "self" else sequence(self.keys, self.key_size)
        self.value = self.key if self.inputs != "separate" else sequence(self.keys, self.value_size)

    def draw_masks(self):
        """Masks that leave key 0 to everyone; or, at times, nothing to some rows."""
        masked = self.attn_mask_kind or self.padding_kind
        empties = bool(masked) and not self.add_bias_kv and not self.add_zero_attn
        empties = empties and self.integer(1, 3) == 1

        def mask(kind, *shape):
            if kind is None:
                return None
            ignored = torch.from_numpy(self.stream.random(shape) < 0.35)
            ignored[..., 0] = False
            if empties:
                rows = ignored.view(-1, shape[-1])
                rows[self.integer(0, len(rows) - 1)] = True
            if kind.startswith("bool"):
                return ignored
            # Half of the float masks are finite.
            finite = not empties and self.choice(True, False)
            added = self.normal(*shape)
            return added if finite else added.masked_fill(ignored, -math.inf)

        outer = (self.batch * self.heads,) if (self.attn_mask_kind or "").endswith("3d") else ()
        self.attn_mask = mask(self.attn_mask_kind, *outer, self.queries, self.keys)
        row = () if self.form == "unbatched" else (self.batch,)
        self.key_padding_mask = mask(self.padding_kind, *row, self.keys)

    # Computing

    def run(self, need_weights, hint=False):
        """PyTorch's output and weights per head; `hint`: is_causal=True beside the mask."""
        total = self.attn_mask if self.attn_mask is None or self.attn_mask.dtype == torch.bool \
            else self.attn_mask.double()
        if self.causal:
            future = torch.ones(self.queries, self.keys, dtype=torch.bool).triu(1)
            if total is None:
                total = future
            else:
                total = total | future if total.dtype == torch.bool \
                    else total.masked_fill(future, -math.inf)
        padding = self.key_padding_mask
        if padding is not None and padding.dtype != torch.bool:
            padding = padding.double()
        # One double tensor passed several times is what makes PyTorch project it at once.
        query = self.query.double()
        key = query if self.inputs == "self" else self.key.double()
        value = key if self.inputs != "separate" else self.value.double()
        return self.module(query, key, value, attn_mask=total, key_padding_mask=padding,
                           is_causal=hint, need_weights=need_weights, average_attn_weights=False)

    def compute(self):
        """Set `output` and `weights`. A row of scores with nothing to attend is NaN in PyTorch
        where weights are asked for, and 0 where not: the rule here is 0 for both."""
        output, weights = self.run(need_weights=True)
        self.output, _ = self.run(need_weights=False)
        empty = weights.isnan().all(-1)
        self.empty_rows = int(empty.sum())
        if weights[~empty].isnan().any() or self.output.isnan().any():
            raise SystemExit(f"{self.name}: NaN in a row that attends something")
        whole = ~output.isnan().any(-1)
        agree(f"{self.name}: output with and without weights", output[whole], self.output[whole])
        if empty.any() and (self.add_bias_kv or self.add_zero_attn):
            raise SystemExit(f"{self.name}: a row is empty in spite of appended keys")
        none = empty.all(-2)  # every head
        rows = self.output.transpose(0, 1) if self.form == "sequence_first" else self.output
        bias = self.module.out_proj.bias
        expected = torch.zeros_like(rows) if bias is None else bias.expand_as(rows)
        agree(f"{self.name}: output of rows with nothing to attend", rows[none], expected[none])
        if self.causal and self.attn_mask is None:
            # Without weights and padding the hint replaces the mask, and then covers appended keys too.
            replaces = self.key_padding_mask is None and (self.add_bias_kv or self.add_zero_attn)
            for need_weights in (True,) if replaces else (True, False):
                hinted = self.run(need_weights, hint=True)[0]
                agree(f"{self.name}: output with is_causal", hinted[whole], self.output[whole])
        weights = weights.masked_fill(empty[..., None], 0)
        self.weights = {None: None, "per_head": weights, "averaged": weights.mean(-3)}[self.weights_kind]

    # What is written

    @property
    def fields(self):
        return {
            "name": self.name, "form": self.form, "batch": self.batch, "heads": self.heads,
            "queries": self.queries, "keys": self.keys, "embed_size": self.embed_size,
            "key_size": self.key_size, "value_size": self.value_size, "bias": self.bias,
            "inputs": self.inputs, "add_bias_kv": self.add_bias_kv,
            "add_zero_attn": self.add_zero_attn, "attn_mask": self.attn_mask_kind,
            "key_padding_mask": self.padding_kind, "causal": self.causal,
            "weights": self.weights_kind, "empty_rows": self.empty_rows,
        }

    @property
    def state(self):
        return {name: tensor.float() for name, tensor in self.module.state_dict().items()}

    @property
    def tensors(self):
        return {
            "query": self.query, "key": None if self.inputs == "self" else self.key,
            "value": self.value if self.inputs == "separate" else None,
            "attn_mask": self.attn_mask, "key_padding_mask": self.key_padding_mask,
            "output": self.output, "weights": self.weights,
            **{f"state/{name}": tensor for name, tensor in self.state.items()},
        }


def prepare():
    """One thread and no fused layer, so that a second run gives the same bytes."""
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.backends.mha.set_fastpath_enabled(False)
    warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask and attn_mask")


def main():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=here, metavar="DIR",
                        help="the folder to write into (default: the script's own)")
    arguments = parser.parse_args()
    prepare()
    golden = Golden(
        "inputs and parameters drawn by Tests/Golden/generate_mha_sweep.py, expected values by "
        f"PyTorch; seed {SEED}", "no third-party material: drawn numbers and what PyTorch computes from them")
    for index, combination in enumerate(COMBINATIONS):
        case = Case(f"{index:03}", combination, [SEED, index], Limits())
        golden.add(case.fields, case.tensors)
    arguments.output.mkdir(parents=True, exist_ok=True)
    golden.write(arguments.output / "mha_sweep.safetensors")
    empty = sum(case["empty_rows"] > 0 for case in golden.cases)
    print(f"{empty} cases have rows with nothing to attend")


if __name__ == "__main__":
    main()
