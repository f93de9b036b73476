"""ONNX Runtime: its operators MultiHeadAttention, GroupQueryAttention and Attention, and ONNX's own Attention."""

import contextlib
from dataclasses import dataclass, field

import numpy

from candidate import Candidate, heads_of, rows_of
from cases import LayerCase
from tensors import aligned

CONTRIBUTED = "com.microsoft"
SCORE_LIMIT = 256 << 20
"""Bytes of a whole score matrix, beyond which operators that write it are not tried."""


@dataclass
class Graph:
    """Nodes in order, with the arrays that they read by name."""

    nodes: list = field(default_factory=list)
    inputs: dict = field(default_factory=dict)
    """What is given with each run."""
    constants: dict = field(default_factory=dict)
    """Parameters, which the runtime may rearrange once."""
    outputs: dict = field(default_factory=dict)
    """Arrays that outputs are written into: inputs' own, where an operator appends in place."""


class ONNXRuntime:
    name = "ONNX Runtime"

    def __init__(self):
        import onnx
        import onnxruntime

        self.onnx, self.runtime = onnx, onnxruntime
        self.version = onnxruntime.__version__
        onnxruntime.set_default_logger_severity(3)

    def context(self):
        return contextlib.nullcontext()

    def candidates(self, case, tensors, threads, rewritten):
        if not isinstance(case, LayerCase):
            ways = self.attentions(case, tensors, rewritten)
        elif case.cached:
            ways = self.cached_layers(case, tensors)
        else:
            ways = self.layers(case, tensors)
        return [self.candidate(name, graph, threads, result) for name, graph, result in ways]

    def node(self, kind, inputs, outputs, contributed=True, **attributes):
        return self.onnx.helper.make_node(
            kind, inputs, outputs, domain=CONTRIBUTED if contributed else "", **attributes)

    def candidate(self, name, graph, threads, result):
        """A session on so many threads, with inputs and outputs bound to memory; `result` makes the output of "y"."""
        helper, numbers = self.onnx.helper, self.onnx.numpy_helper

        def declared(arrays):
            kind = helper.np_dtype_to_tensor_dtype
            return [helper.make_tensor_value_info(key, kind(array.dtype), array.shape) for key, array in arrays.items()]

        parameters = [numbers.from_array(numpy.ascontiguousarray(array), key) for key, array in graph.constants.items()]
        model = helper.make_model(
            helper.make_graph(graph.nodes, "case", declared(graph.inputs), declared(graph.outputs), parameters),
            opset_imports=[helper.make_opsetid("", 23), helper.make_opsetid(CONTRIBUTED, 1)], ir_version=11)
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.graph_optimization_level = self.runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
        session = self.runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        # The runtime reads and writes arrays where they lie, and does not keep them: `run` does.
        bound = {id(array): self.runtime.OrtValue.ortvalue_from_numpy(aligned(array))
                 for array in [*graph.inputs.values(), *graph.outputs.values()]}
        for key, array in graph.inputs.items():
            binding.bind_ortvalue_input(key, bound[id(array)])
        for key, array in graph.outputs.items():
            binding.bind_ortvalue_output(key, bound[id(array)])

        def run(kept=bound):
            session.run_with_iobinding(binding)

        def output():
            run()
            return result(bound[id(graph.outputs["y"])].numpy())

        return Candidate(name, run, output)

    # Attention: the name, the graph, and what makes [B, H, L, D] of the output.

    def attentions(self, case, tensors, rewritten):
        queries, keys, values = tensors["queries"], tensors["keys"], tensors["values"]
        group, shape = case.heads // case.key_heads, queries.shape

        def by_heads(rows):
            return heads_of(rows, case.heads)

        all_keys, all_values = (numpy.repeat(heads, group, axis=1) if group > 1 else heads for heads in (keys, values))
        words = ", heads expanded before" if group > 1 else ""
        rows = rows_of(queries)
        for layout, (k, v) in (("", (rows_of(all_keys), rows_of(all_values))),
                               (", keys by head", (all_keys, all_values))):
            if layout and case.causal:
                continue  # the operator takes keys by head for other sequences than the queries'
            node = self.node("MultiHeadAttention", ["q", "k", "v"], ["y"], num_heads=case.heads,
                             unidirectional=int(case.causal))
            yield f"MultiHeadAttention{words}{layout}", Graph(
                [node], {"q": rows, "k": k, "v": v}, outputs={"y": numpy.empty_like(rows)}), by_heads
        if case.causal or case.queries == 1:
            yield "GroupQueryAttention", self.grouped(case, rows, keys, values), by_heads
        if rewritten and group > 1 and case.queries == 1:
            stacked = queries.reshape(case.batch, case.key_heads, group, case.head_size)
            node = self.node("MultiHeadAttention", ["q", "k", "v"], ["y"], num_heads=case.key_heads)
            yield "MultiHeadAttention, groups as rows", Graph(
                [node], {"q": rows_of(stacked), "k": keys, "v": values},
                outputs={"y": numpy.empty_like(rows_of(stacked))}), lambda y: heads_of(y, case.key_heads).reshape(shape)
        if case.score_bytes <= SCORE_LIMIT:
            node = self.node("Attention", ["q", "k", "v"], ["y"], contributed=False, is_causal=int(case.causal))
            yield "Attention (opset 23)", Graph(
                [node], {"q": queries, "k": keys, "v": values}, outputs={"y": numpy.empty_like(queries)}), lambda y: y

    def grouped(self, case, rows, keys, values):
        """The operator appends the last keys to a buffer that holds the others, in place."""
        past = case.keys - case.queries
        buffers = {"past_k": keys.copy(), "past_v": values.copy()}
        for buffer in buffers.values():
            buffer[:, :, past:] = 0
        new = {"k": rows_of(keys[:, :, past:]), "v": rows_of(values[:, :, past:])}
        return self.grouped_node(case, case.key_heads, ["q", "k", "v"], {"q": rows, **new}, buffers, rows)

    def grouped_node(self, case, key_heads, names, inputs, buffers, like):
        node = self.node(
            "GroupQueryAttention", [*names, "past_k", "past_v", "lengths", "total"], ["y", "present_k", "present_v"],
            num_heads=case.heads, kv_num_heads=key_heads)
        counts = {"lengths": numpy.full(case.batch, case.keys - 1, numpy.int32),
                  "total": numpy.array([case.keys], numpy.int32)}
        return Graph([node], {**inputs, **buffers, **counts}, outputs={
            "y": numpy.empty_like(like), "present_k": buffers["past_k"], "present_v": buffers["past_v"]})

    # Layers: the input's projections, an operator, the last projection.

    def linear(self, x, y, weight, bias):
        return [self.node("MatMul", [x, weight], [f"{y}_product"], contributed=False),
                self.node("Add", [f"{y}_product", bias], [y], contributed=False)]

    def parameters(self, tensors):
        """Weights as MatMul takes them, [inputs, outputs]."""
        return {"w": tensors["in_proj_weight"].T, "b": tensors["in_proj_bias"],
                "w_out": tensors["out_proj.weight"].T, "b_out": tensors["out_proj.bias"]}

    def layers(self, case, tensors):
        x, constants, last = tensors["input"], self.parameters(tensors), self.linear("joined", "y", "w_out", "b_out")

        def graph(nodes, constants):
            return Graph([*nodes, *last], {"x": x}, constants, {"y": numpy.empty_like(x)})

        yield "Attention, MatMul", graph(
            [self.node("Attention", ["x", "w", "b"], ["joined"], num_heads=case.heads)], constants), lambda y: y
        # Three products rather than one that would have to be split.
        split = {f"{key}_{part}": numbers for key in "wb"
                 for part, numbers in zip("qkv", numpy.split(constants[key], 3, axis=-1))}
        nodes = [node for part in "qkv" for node in self.linear("x", part, f"w_{part}", f"b_{part}")]
        yield "MatMul × 3, MultiHeadAttention, MatMul", graph(
            [*nodes, self.node("MultiHeadAttention", ["q", "k", "v"], ["joined"], num_heads=case.heads)],
            {**constants, **split}), lambda y: y

    def cached_layers(self, case, tensors):
        x, constants, last = tensors["input"], self.parameters(tensors), self.linear("joined", "y", "w_out", "b_out")
        room = ((0, 0), (0, 0), (0, case.queries), (0, 0))
        held = {"past_k": tensors["cached_keys"], "past_v": tensors["cached_values"]}
        buffers = {key: numpy.pad(rows, room) for key, rows in held.items()}
        graph = self.grouped_node(case, case.heads, ["packed", "", ""], {"x": x}, buffers, x)
        graph.nodes[0].output[0] = "joined"
        graph.nodes, graph.constants = [*self.linear("x", "packed", "w", "b"), *graph.nodes, *last], constants
        yield "MatMul, GroupQueryAttention in place, MatMul", graph, lambda y: y

        past = numpy.stack([tensors["cached_keys"], tensors["cached_values"]])
        present = numpy.empty((2, case.batch, case.heads, case.keys, case.head_size), numpy.float32)
        node = self.node("Attention", ["x", "w", "b", "", "past"], ["joined", "present"], num_heads=case.heads)
        outputs = {"y": numpy.empty_like(x), "present": present}
        yield "Attention with past, MatMul", Graph(
            [node, *last], {"x": x, "past": past}, constants, outputs), lambda y: y
