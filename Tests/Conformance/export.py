#!/usr/bin/env python3
"""Write the node cases of the onnx package as safetensors files, for ConformanceRunner to read.

The package makes the cases itself, inputs and expected outputs, when they are collected. A case
of an operator is a tensor each of its inputs and outputs under the schema's names
(`<case>/inputs/Q`, `<case>/outputs/Y`), one for each constant of a graph attribute
(`<case>/score_mod/bias`), and an object in the JSON array `cases` of `__metadata__`:

    name, operator, domain, opset
    attributes   by name, an object with one of `int`, `float`, `string` and `graph`; a graph has
                 `name`, `nodes` (as text) and `constants` (names)
    inputs       the names of those that are given
    outputs      objects of `name` and the tolerance `relative`, `absolute`

Requirements (Python 3.10 or later):
    pip install 'onnx>=1.23' numpy safetensors
"""

import argparse
import json
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy
import onnx
from onnx import AttributeProto, defs, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from safetensors.numpy import save

OPERATORS = ("Attention", "FlexAttention", "LinearAttention", "RotaryEmbedding")

# The committed golden set: every input, attribute, type and rank, and each rule of Attention.
SAMPLE = """
test_attention_3d_diff_heads_sizes_softcap
test_attention_3d_gqa_causal
test_attention_3d_local_window
test_attention_3d_transpose_verification
test_attention_3d_with_past_and_present_qk_matmul_softmax
test_attention_23_boolmask_fullymasked_row_nan_robustness
test_attention_24_fullymasked_qk_matmul_output_mode3_zero
test_attention_24_qk_matmul_output_mode3_softmax_precision
test_attention_4d_attn_mask_bool_4d
test_attention_4d_attn_mask_causal_bf16
test_attention_4d_causal_nonpad_attn_mask_composition
test_attention_4d_causal_nonpad_batch_prefill
test_attention_4d_causal_nonpad_negative_offset_structural_empty
test_attention_4d_causal_padded_kv_bf16
test_attention_4d_causal_with_past_and_present
test_attention_4d_diff_heads_mask4d_padded_kv
test_attention_4d_gqa_causal_nonpad_decode_fp16
test_attention_4d_gqa_scaled
test_attention_4d_gqa_with_past_and_present_fp16
test_attention_4d_softcap_neginf_mask_poison
test_attention_4d_with_past_and_present_qk_matmul_bias_3d_mask_causal
test_attention_4d_with_qk_matmul
test_attention_4d_with_qk_matmul_softcap
test_attention_bidirectional_window
test_attention_local_window_ext_cache_float16_mask
test_attention_local_window_ext_cache_rank3_head_mask
test_attention_local_window_gqa_rank4_mask
test_attention_local_window_rank1_boolean_mask
test_attention_local_window_with_past
test_flexattention_causal_mask
test_flexattention_double
test_flexattention_fp16
test_flexattention_gqa
test_flexattention_prob_mod
test_flexattention_relative_positional
test_flexattention_scaled
test_flexattention_score_mod
test_flexattention_soft_cap
test_linear_attention_decode_step
test_linear_attention_delta
test_linear_attention_explicit_scale
test_linear_attention_fp16
test_linear_attention_gated_delta_mqa
test_linear_attention_gated_per_head_decay
test_linear_attention_linear_t1_no_past
test_rotary_embedding_3d_input
test_rotary_embedding_no_position_ids_interleaved
test_rotary_embedding_no_position_ids_rotary_dim
test_rotary_embedding_with_interleaved_rotary_dim
""".split()


def node_text(node):
    """A node of a graph on one line, such as `y = Gather(x, i) {axis: 0}`."""
    attributes = [f"{a.name}: {helper.get_attribute_value(a)}" for a in node.attribute]
    return (f"{', '.join(node.output)} = {node.op_type}({', '.join(node.input)})"
            + (f" {{{', '.join(attributes)}}}" if attributes else ""))


def attribute_value(case, attribute, tensors):
    """An attribute as it stands in the JSON; a graph's constants go into the tensors."""
    value = helper.get_attribute_value(attribute)
    if attribute.type == AttributeProto.INT:
        return {"int": value}
    if attribute.type == AttributeProto.FLOAT:
        return {"float": value}
    if attribute.type == AttributeProto.STRING:
        return {"string": value.decode()}
    if attribute.type == AttributeProto.GRAPH:
        for constant in value.initializer:
            tensors[f"{case}/{attribute.name}/{constant.name}"] = numpy_helper.to_array(constant)
        return {"graph": {"name": value.name, "nodes": [node_text(n) for n in value.node],
                          "constants": sorted(c.name for c in value.initializer)}}
    raise SystemExit(f"{case}: attribute {attribute.name} is of a type that is not written: {attribute.type}")


def named(case, kind, parameters, names, arrays, tensors):
    """Store the arrays that are given under the schema's names; `names` has '' for one left out."""
    given = [p.name for p, name in zip(parameters, names) if name]
    if len(given) != len(arrays) or len(names) > len(parameters):
        raise SystemExit(f"{case}: {len(arrays)} {kind} for the names {list(names)}")
    for name, array in zip(given, arrays):
        tensors[f"{case}/{kind}/{name}"] = numpy.ascontiguousarray(array)
    return given


def exported(test):
    """A case's JSON object and its tensors."""
    [node], [(inputs, outputs)] = test.model.graph.node, test.data_sets
    opset = next(o.version for o in test.model.opset_import if o.domain == node.domain)
    schema = defs.get_schema(node.op_type, opset, node.domain)
    tensors = {}
    case = {
        "name": test.name, "operator": node.op_type, "domain": node.domain, "opset": opset,
        "attributes": {a.name: attribute_value(test.name, a, tensors) for a in node.attribute},
        "inputs": named(test.name, "inputs", schema.inputs, node.input, inputs, tensors),
    }
    names = named(test.name, "outputs", schema.outputs, node.output, outputs, tensors)
    # As onnx.backend.test.runner compares: bfloat16 to two units in the last place.
    case["outputs"] = [
        {"name": name, "absolute": test.atol,
         "relative": max(test.rtol, 2**-6) if array.dtype.name == "bfloat16" else test.rtol}
        for name, array in zip(names, outputs)
    ]
    return case, tensors


def write(path, cases, tensors):
    data = save(tensors, {
        "cases": json.dumps(cases, allow_nan=False), "onnx": onnx.__version__, "licence": "Apache-2.0",
        "source": "onnx.backend.test.case.node, copyright (c) ONNX Project Contributors",
    })
    # The library writes the metadata in an order that changes from run to run.
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, help="write every case into a file of its own here")
    parser.add_argument("--golden", type=Path, metavar="FILE", help="write the sample for the tests into one file")
    options = parser.parse_args()
    if not options.folder and not options.golden:
        parser.error("give a folder, --golden FILE, or both")

    # Cases of other operators divide by zero on purpose.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = collect_testcases()
    # The twins named `_expanded` are the same numbers for the operators' function bodies.
    cases = {t.name: exported(t) for t in tests
             if t.model.graph.node[0].op_type in OPERATORS and "_expanded" not in t.name}
    counts = Counter(case["operator"] for case, _ in cases.values())
    missing = [name for name in OPERATORS if not counts[name]] + [name for name in SAMPLE if name not in cases]
    if missing:
        raise SystemExit(f"onnx {onnx.__version__} has no cases for: {', '.join(missing)}")

    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        for old in options.folder.glob("*.safetensors"):
            old.unlink()
        for name, (case, tensors) in cases.items():
            write(options.folder / f"{name}.safetensors", [case], tensors)
        print(f"onnx {onnx.__version__}: " + ", ".join(f"{counts[name]} {name}" for name in OPERATORS))
    if options.golden:
        tensors = {}
        for name in SAMPLE:
            tensors.update(cases[name][1])
        write(options.golden, [cases[name][0] for name in SAMPLE], tensors)
        print(f"{options.golden.name}: {len(SAMPLE)} cases, {len(tensors)} tensors, "
              f"{options.golden.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main())
