#!/usr/bin/env python3
"""Write linear_attention.safetensors: linear attention in float64, held to ONNX's evaluator.

The shapes and options are those of the onnx package's 14 node cases for LinearAttention (opset 27),
and a few longer ones that fill several chunks. Inputs are drawn here, in float32. Expected values
are computed in float64 from transition matrices: for one token the state is A*S + k*u^T, with
A = diag(e^g) for the gated rules and A = (I - beta*k*k^T)*diag(e^g) for the delta rules, so that
nothing is shared with the evaluator's recurrence, which every case is compared with.

Requirements (Python 3.11 or later):
    pip install onnx==1.23.2 numpy==2.4.6 safetensors==0.8.0
"""

import argparse
import json
import zlib
from pathlib import Path

import numpy
import onnx
from onnx.reference.ops.op_linear_attention import LinearAttention
from safetensors.numpy import save

SEED = 20170612
# The evaluator computes in float32.
EVALUATOR_TOLERANCE = 2e-5

FOUR = {"heads": 4, "kv_heads": 4, "head_size": 8, "value_size": 8, "batch": 2, "tokens": 4}
GATED_DELTA = {**FOUR, "rule": "gated_delta", "decay": "key"}

CASES = {
    "linear": {**FOUR, "rule": "linear"},
    "gated": {**FOUR, "rule": "gated", "decay": "key"},
    "gated_per_head_decay": {**FOUR, "rule": "gated", "decay": "head"},
    "delta": {**FOUR, "rule": "delta"},
    "gated_delta": GATED_DELTA,
    "gated_delta_beta_scalar": {**GATED_DELTA, "beta": "one"},
    "gated_delta_gqa": {**GATED_DELTA, "heads": 8},
    "gated_delta_mqa": {**GATED_DELTA, "heads": 8, "kv_heads": 1},
    "decode_step": {**GATED_DELTA, "tokens": 1, "past": "drawn"},
    "prefill_with_past": {**GATED_DELTA, "past": "drawn"},
    "no_past_explicit_zeros": {**GATED_DELTA, "past": "zeros"},
    "explicit_scale": {**GATED_DELTA, "scale": 0.25},
    "fp16": {**GATED_DELTA, "heads": 8, "rounded_to_half": True},
    "linear_t1_no_past": {**FOUR, "rule": "linear", "tokens": 1},
    "long_linear": {"rule": "linear", "batch": 1, "tokens": 71, "heads": 3, "kv_heads": 1,
                    "head_size": 5, "value_size": 7, "past": "drawn"},
    "long_gated": {"rule": "gated", "decay": "key", "batch": 1, "tokens": 71, "heads": 3,
                   "kv_heads": 3, "head_size": 5, "value_size": 7},
    "long_delta": {"rule": "delta", "batch": 1, "tokens": 71, "heads": 2, "kv_heads": 2,
                   "head_size": 7, "value_size": 5, "past": "drawn"},
    "long_gated_delta": {"rule": "gated_delta", "decay": "key", "batch": 1, "tokens": 71, "heads": 2,
                         "kv_heads": 1, "head_size": 7, "value_size": 11, "past": "drawn"},
    "long_gated_delta_per_head_decay": {
        "rule": "gated_delta", "decay": "head", "batch": 1, "tokens": 71, "heads": 2, "kv_heads": 1,
        "head_size": 7, "value_size": 11, "decay_spread": 3.0},
}


def split(x, heads):
    """[B, L, H*D] -> [B, H, L, D]."""
    b, l, _ = x.shape
    return x.reshape(b, l, heads, -1).transpose(0, 2, 1, 3)


def expected(case, x):
    """Output [B, L, H*Dv] and state [B, G, D, Dv] in float64."""
    h, g, d = case["heads"], case["kv_heads"], case["head_size"]
    wide = {name: value.astype(numpy.float64) for name, value in x.items()}
    q, k, v = split(wide["query"], h), split(wide["key"], g), split(wide["value"], g)
    b, _, l, _ = q.shape
    decay = split(wide["decay"], g) if "decay" in x else numpy.zeros((b, g, l, 1))
    kept = numpy.exp(numpy.broadcast_to(decay, (b, g, l, d)))
    rate = numpy.ones((b, g, l))
    if "beta" in x:
        rate = numpy.broadcast_to(wide["beta"].transpose(0, 2, 1), (b, g, l))
    state = wide["past_state"] if "past_state" in x else numpy.zeros((b, g, d, case["value_size"]))
    scale = case.get("scale") or d ** -0.5
    output = numpy.empty((b, h, l, case["value_size"]))
    for t in range(l):
        key, value, r = k[:, :, t, :, None], v[:, :, t, None, :], rate[:, :, t, None, None]
        step = numpy.eye(d) * kept[:, :, t, None, :]
        if "beta" in x:
            step = (numpy.eye(d) - r * key * key.swapaxes(-1, -2)) @ step
        state = step @ state + r * key * value
        for head in range(h):
            output[:, head, t] = scale * (q[:, head, t, None, :] @ state[:, head // (h // g)])[:, 0]
    return output.transpose(0, 2, 1, 3).reshape(b, l, -1), state


def draw(name, case):
    stream = numpy.random.default_rng([SEED, zlib.crc32(name.encode())])
    b, l, h, g = case["batch"], case["tokens"], case["heads"], case["kv_heads"]
    d, dv = case["head_size"], case["value_size"]

    def normal(*shape):
        return stream.standard_normal(shape, dtype=numpy.float32)

    x = {"query": normal(b, l, h * d), "key": normal(b, l, g * d), "value": normal(b, l, g * dv)}
    if "delta" in case["rule"]:
        key = x["key"].reshape(b, l, g, d)
        x["key"] = (key / numpy.linalg.norm(key, axis=-1, keepdims=True)).reshape(b, l, g * d)
        x["beta"] = stream.random((b, l, 1 if case.get("beta") == "one" else g), dtype=numpy.float32)
    if "decay" in case:
        size = g * d if case["decay"] == "key" else g
        x["decay"] = -numpy.abs(normal(b, l, size)) * numpy.float32(case.get("decay_spread", 0.1))
    if case.get("past") == "drawn":
        x["past_state"] = normal(b, g, d, dv) * numpy.float32(0.1)
    elif case.get("past") == "zeros":
        x["past_state"] = numpy.zeros((b, g, d, dv), numpy.float32)
    if case.get("rounded_to_half"):
        x = {name: value.astype(numpy.float16).astype(numpy.float32) for name, value in x.items()}
    return x


def check(name, case, x, output, state):
    evaluator = LinearAttention.__new__(LinearAttention)
    theirs = evaluator._run(
        x["query"], x["key"], x["value"], x.get("past_state"), x.get("decay"), x.get("beta"),
        kv_num_heads=case["kv_heads"], q_num_heads=case["heads"], scale=case.get("scale"),
        update_rule=case["rule"])
    for what, ours, other in zip(("output", "state"), (output, state), theirs):
        if ours.shape != other.shape:
            raise SystemExit(f"{name}: {what} has shape {ours.shape}, the evaluator's {other.shape}")
        error = numpy.abs(ours - other).max()
        if not error <= EVALUATOR_TOLERANCE * max(1.0, numpy.abs(ours).max()):
            raise SystemExit(f"{name}: {what} is {error} off the evaluator's")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder of the file")
    path = parser.parse_args().output / "linear_attention.safetensors"
    tensors, cases = {}, []
    for name, case in CASES.items():
        x = draw(name, case)
        output, state = expected(case, x)
        check(name, case, x, output, state)
        for key, value in {**x, "output": output, "present_state": state}.items():
            tensors[f"{name}/{key}"] = numpy.ascontiguousarray(value)
        fields = ("rule", "batch", "tokens", "heads", "kv_heads", "head_size", "value_size", "scale")
        cases.append({"name": name, **{field: case.get(field) for field in fields}})
    data = save(tensors, {
        "cases": json.dumps(cases),
        "onnx": onnx.__version__,
        "source": "inputs drawn by Tests/Golden/generate_linear_attention.py, expected values by numpy",
        "licence": "no third-party material: drawn numbers and what follows from them",
    })
    # The library writes the metadata in an order that changes from run to run.
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length:])
    print(f"{path.name}: {len(cases)} cases, {len(tensors)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
