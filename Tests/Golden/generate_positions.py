#!/usr/bin/env python3
"""Write positions.safetensors: rotary, ALiBi and bucketed positions as the transformers library has them.

Its own functions compute everything; they name float32 outright in places, so that they are run here with a `torch`
whose float32 is float64. Inputs are drawn in float32 and stored as such. README.md describes the file.

Requirements (Python 3.11 or later):
    pip install torch==2.13.0 numpy==2.4.6 safetensors==0.8.0 transformers==5.23.0
"""

import argparse
import json
import os
import zlib
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy
import torch
from safetensors import safe_open
from safetensors.torch import save
from transformers import LlamaConfig, T5Config, logging, modeling_rope_utils
from transformers.models.bloom import modeling_bloom
from transformers.models.gpt_neox import modeling_gpt_neox
from transformers.models.gptj import modeling_gptj
from transformers.models.llama import modeling_llama
from transformers.models.t5 import modeling_t5

SEED = 20210420


class DoubleTorch:
    """torch, but for what it calls float32."""

    float = float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


def agree(what, first, second, tolerance):
    error = (first - second).abs().max().item()
    if first.shape != second.shape or not error <= tolerance * max(1.0, second.abs().max().item()):
        raise SystemExit(f"{what}: shapes {first.shape} and {second.shape}, largest difference {error}")


def draw(name, *shape):
    stream = numpy.random.default_rng([SEED, zlib.crc32(name.encode())])
    return torch.from_numpy(stream.standard_normal(shape, dtype=numpy.float32))


class Golden:
    def __init__(self):
        self.cases, self.tensors = [], {}

    def add(self, kind, name, tensors, **fields):
        self.cases.append({"kind": kind, "name": name, **fields})
        for key, tensor in tensors.items():
            self.tensors[f"{name}/{key}"] = tensor.contiguous().clone()

    def write(self, path):
        keys = sorted({key for case in self.cases for key in case})
        cases = [{key: case.get(key) for key in keys} for case in self.cases]
        data = save(self.tensors, {
            "cases": json.dumps(cases),
            "torch": torch.__version__,
            "source": "inputs drawn by Tests/Golden/generate_positions.py, expected values by transformers 5.23.0",
            "licence": "no third-party material: drawn numbers and what is computed from them",
        })
        # The library writes the metadata in an order that changes from run to run.
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8:8 + length])
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length:])
        with safe_open(path, "pt") as file:
            for name, tensor in self.tensors.items():
                if not torch.equal(file.get_tensor(name), tensor):
                    raise SystemExit(f"{path.name}: {name} reads back differently")
        print(f"{path.name}: {len(cases)} cases, {len(self.tensors)} tensors, {path.stat().st_size} bytes")


# Rotary


def frequencies(head_size, rotary_size, base, scaling, original, length):
    """Inverse frequencies and attention factor, in float64, checked against the library in its own float32."""
    config = LlamaConfig(
        hidden_size=2 * head_size, num_attention_heads=2, head_dim=head_size, max_position_embeddings=original,
        rope_parameters={"rope_theta": base, "rope_type": "default", **scaling,
                         "partial_rotary_factor": rotary_size / head_size})
    kind = config.rope_parameters["rope_type"]
    if kind == "default":
        # Llama's default ignores the partial factor, which GPT-NeoX applies.
        compute = modeling_gpt_neox.GPTNeoXRotaryEmbedding.compute_default_rope_parameters
        module = modeling_gpt_neox
    else:
        compute, module = modeling_rope_utils.ROPE_INIT_FUNCTIONS[kind], modeling_rope_utils
    arguments = {} if kind == "default" else {"seq_len": length}
    single, factor = compute(config, "cpu", **arguments)
    module.torch = DoubleTorch()
    double, factor_again = compute(config, "cpu", **arguments)
    module.torch = torch
    if double.dtype != torch.float64 or factor != factor_again:
        raise SystemExit(f"{kind}: not computed in float64")
    agree(f"{kind} frequencies", single.double(), double, 1e-6)
    return double, float(factor)


def rotary(golden, name, head_size, rotary_size, positions, base=10000.0, scaling={}, original=64, length=None,
           interleaved=False):
    positions = torch.tensor(positions)
    inverse, factor = frequencies(head_size, rotary_size, base, scaling, original, length)
    x = draw(name, positions.shape[0], 3, positions.shape[1], head_size)
    y = x.double()
    angles = positions[..., None].double() * inverse
    if interleaved:
        rows, rest = y.transpose(1, 2)[..., :rotary_size], y.transpose(1, 2)[..., rotary_size:]
        turned = modeling_gptj.apply_rotary_pos_emb(rows, angles.sin() * factor, angles.cos() * factor)
        rotated = torch.cat([turned, rest], -1).transpose(1, 2)
    else:
        both = torch.cat([angles, angles], -1)
        rotated, _ = modeling_gpt_neox.apply_rotary_pos_emb(y, y, both.cos() * factor, both.sin() * factor)
        if rotary_size == head_size:
            llama, _ = modeling_llama.apply_rotary_pos_emb(y, y, both.cos() * factor, both.sin() * factor)
            agree(name, llama, rotated, 0)
    golden.add(
        "rotary", name, {"x": x, "positions": positions, "inverse_frequencies": inverse, "rotated": rotated},
        head_size=head_size, rotary_size=rotary_size, base=base, interleaved=interleaved, attention_factor=factor,
        scaling={"kind": "default", "original_length": original, **{
            {"rope_type": "kind", "original_max_position_embeddings": "original_length"}.get(key, key): value
            for key, value in scaling.items()}})


def all_rotary(golden):
    near, far = [[0, 1, 2, 3, 4], [7, 3, 0, 50, 11]], [[60, 61, 62, 63, 64], [5, 1000, 300, 12, 90]]
    rotary(golden, "rotary_llama", 22, 22, near)
    rotary(golden, "rotary_base", 22, 22, far, base=500000.0)
    rotary(golden, "rotary_neox", 22, 6, near)
    rotary(golden, "rotary_gptj", 22, 14, far, interleaved=True)
    rotary(golden, "rotary_linear", 26, 26, far, scaling={"rope_type": "linear", "factor": 3.0})
    dynamic = {"rope_type": "dynamic", "factor": 2.5}
    rotary(golden, "rotary_dynamic_short", 26, 26, near, scaling=dynamic, length=51)
    rotary(golden, "rotary_dynamic_long", 26, 26, far, scaling=dynamic, length=1001)
    yarn = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
    rotary(golden, "rotary_yarn", 34, 34, far, scaling=yarn)
    rotary(golden, "rotary_yarn_partial", 34, 10, far, base=50000.0, scaling={
        **yarn, "beta_fast": 8.0, "beta_slow": 2.0, "attention_factor": 1.25})
    rotary(golden, "rotary_yarn_whole_range", 34, 34, far, scaling={**yarn, "truncate": False})
    rotary(golden, "rotary_yarn_long_training", 34, 34, far, scaling={
        **yarn, "original_max_position_embeddings": 4096, "factor": 16.0})
    rotary(golden, "rotary_llama3", 38, 38, far, base=500000.0, scaling={
        "rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 8192, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0})
    rotary(golden, "rotary_llama3_short", 38, 38, far, scaling={
        "rope_type": "llama3", "factor": 3.0, "original_max_position_embeddings": 100, "low_freq_factor": 2.0,
        "high_freq_factor": 9.0})


# Biases


def attention(query, key, value, bias, scale, causal):
    scores = scale * query @ key.transpose(-1, -2) + bias
    if causal:
        length, keys = scores.shape[-2:]
        scores = scores.masked_fill(torch.ones(length, keys).triu(1 + keys - length).bool(), -torch.inf)
    return scores.softmax(-1) @ value


def inputs(name, heads, length, keys):
    drawn = [draw(f"{name}/{part}", 2, heads, rows, 6) for part, rows in
             [("query", length), ("key", keys), ("value", keys)]]
    return dict(zip(["query", "key", "value"], drawn))


def alibi(golden):
    modeling_bloom.torch = DoubleTorch()
    for heads in [1, 2, 3, 5, 8, 12, 16, 20, 31]:
        ones = torch.ones(1, 2, dtype=torch.int64)
        slopes = modeling_bloom.build_alibi_tensor(ones, heads, torch.float64)[:, 0, 1]
        golden.add("slopes", f"slopes_{heads}", {"slopes": slopes}, heads=heads)
    # BLOOM adds slope·j to a causal row, whose softmax is that of −slope·(i − j).
    name, heads, keys = "alibi_bloom", 6, 13
    tensors = inputs(name, heads, 5, keys)
    bias = modeling_bloom.build_alibi_tensor(torch.ones(2, keys, dtype=torch.int64), heads, torch.float64)
    modeling_bloom.torch = torch
    query, key, value = (tensor.double() for tensor in tensors.values())
    output = attention(query, key, value, bias.view(2, heads, 1, keys), 6 ** -0.5, causal=True)
    golden.add("alibi", name, {**tensors, "output": output}, heads=heads)


def buckets(golden):
    distances = torch.arange(-1200, 1201)
    for count, furthest, bidirectional in [
            (32, 128, True), (32, 128, False), (64, 256, True), (320, 800, True), (8, 20, True), (6, 17, False),
            (9, 50, True), (2, 5, False), (4, 2, True)]:
        found = modeling_t5.T5Attention._relative_position_bucket(distances, bidirectional, count, furthest)
        name = f"buckets_{count}_{furthest}_{'both' if bidirectional else 'past'}"
        golden.add("bucket", name, {"buckets": found.to(torch.int16)}, count=count, furthest=furthest,
                   bidirectional=bidirectional, first_distance=-1200)
    for name, length, keys, decoder in [("t5_encoder", 9, 9, False), ("t5_decoder", 4, 11, True)]:
        heads = 5
        layer = modeling_t5.T5Attention(
            T5Config(d_model=30, d_kv=6, num_heads=heads, relative_attention_num_buckets=8,
                     relative_attention_max_distance=10, is_decoder=decoder),
            has_relative_attention_bias=True, layer_idx=0).double()
        table = draw(f"{name}/table", 8, heads)
        layer.relative_attention_bias.weight.data = table.double()
        bias = layer.compute_bias(length, keys, past_seen_tokens=keys - length).detach()
        tensors = inputs(name, heads, length, keys)
        query, key, value = (tensor.double() for tensor in tensors.values())
        output = attention(query, key, value, bias, 1, causal=decoder)
        golden.add("t5", name, {**tensors, "table": table, "bias": bias[0], "output": output}, heads=heads, furthest=10,
                   bidirectional=not decoder)


def main():
    logging.set_verbosity_error()  # lengths are short here, on purpose
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="the folder to write to")
    golden = Golden()
    folder = parser.parse_args().output
    all_rotary(golden)
    alibi(golden)
    buckets(golden)
    golden.write(folder / "positions.safetensors")


if __name__ == "__main__":
    main()
