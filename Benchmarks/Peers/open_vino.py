"""OpenVINO: ScaledDotProductAttention (opset 13), and layers made of it."""

import contextlib

import numpy

from candidate import Candidate
from cases import LayerCase
from tensors import aligned


class OpenVINO:
    name = "OpenVINO"

    def __init__(self):
        import openvino
        from openvino import opset13

        self.openvino, self.ops = openvino, opset13
        self.version = openvino.__version__.split("-")[0]
        self.core = openvino.Core()

    def context(self):
        return contextlib.nullcontext()

    def candidates(self, case, tensors, threads, rewritten):
        if not isinstance(case, LayerCase):
            return list(self.attentions(case, tensors, threads, rewritten))
        return list(self.layers(case, tensors, threads))

    def candidate(self, name, inputs, build, output_shape, threads, states=()):
        """`build` makes a graph of its parameters, which are as many as `inputs` and of their shapes: the output, and
        assignments of what `states` are before each run."""
        parameters = [self.ops.parameter(list(array.shape), array.dtype) for array in inputs]
        result, *assignments = build(*parameters)
        model = self.openvino.Model([self.ops.result(result)], assignments, parameters, "case")
        request = self.core.compile_model(model, "CPU", {
            "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32",
        }).create_infer_request()
        # The request reads arrays where they lie, and does not keep them: `run` does.
        arrays = [aligned(array) for array in inputs]
        for index, array in enumerate(arrays):
            request.set_input_tensor(index, self.openvino.Tensor(array, shared_memory=True))
        held = {key: self.openvino.Tensor(aligned(array)) for key, array in states}

        def run(kept=arrays):
            request.start_async()
            request.wait()

        def prepare():
            for state in request.query_state():
                state.state = held[state.name]

        def output():
            prepare()
            run()
            return request.get_output_tensor(0).data.reshape(output_shape).copy()

        return Candidate(name, run, output, prepare if states else None)

    def attentions(self, case, tensors, threads, rewritten):
        ops, causal = self.ops, case.causal
        queries, keys, values = tensors["queries"], tensors["keys"], tensors["values"]
        group = case.heads // case.key_heads

        def attend(q, k, v):
            return [ops.scaled_dot_product_attention(q, k, v, causal=causal)]

        def make(name, build, *inputs, **options):
            return self.candidate(name, inputs, build, queries.shape, threads, **options)

        if group == 1:
            yield make("SDPA", attend, queries, keys, values)
        else:
            expanded = [numpy.repeat(heads, group, axis=1) for heads in (keys, values)]
            yield make("SDPA, heads expanded before", attend, queries, *expanded)
            if rewritten and case.queries == 1:
                stacked = queries.reshape(case.batch, case.key_heads, group, case.head_size)
                yield make("SDPA, groups as rows", attend, stacked, keys, values)
        if case.queries == 1:
            # As the models of large language models are exported: the last key joins those of a state.
            past, last = case.keys - 1, slice(case.keys - 1, None)
            states = [("keys", keys[:, :, :past]), ("values", values[:, :, :past])]

            def stateful(q, k, v, beams):
                (k, first), (v, second) = (self.state(case, *new, beams) for new in ((k, "keys"), (v, "values")))
                return [*attend(q, self.expand(k, case, group), self.expand(v, case, group)), first, second]

            beams = numpy.arange(case.batch, dtype=numpy.int32)
            yield make("SDPA over a state", stateful, queries, keys[:, :, last], values[:, :, last], beams,
                       states=states)
        elif group > 1:
            yield make("SDPA, heads broadcast in the graph", lambda q, k, v: attend(
                q, self.expand(k, case, group), self.expand(v, case, group)), queries, keys, values)

    def state(self, case, new, name, beams):
        """A state [B, G, any, D] with new rows behind it, and its assignment, in the form that the plugin makes one
        operator of with the SDPA that follows."""
        ops, heads = self.ops, case.heads if isinstance(case, LayerCase) else case.key_heads
        nothing = ops.constant(numpy.zeros([case.batch, heads, 0, case.head_size], numpy.float32))
        held = ops.read_value(nothing, name, numpy.float32, [-1, heads, -1, case.head_size])
        past = ops.gather(held, beams, numpy.int64(0))
        joined = ops.concat([past, new], 2)
        return joined, ops.assign(joined, name)

    def expand(self, heads, case, group):
        """[B, G, S, D] → [B, H, S, D] by a broadcast, whatever S."""
        if group == 1:
            return heads
        ops, zero = self.ops, numpy.int64(0)
        sizes = ops.shape_of(heads)
        target = ops.concat([
            ops.gather(sizes, numpy.array([0, 1]), zero), ops.constant(numpy.array([group])),
            ops.gather(sizes, numpy.array([2, 3]), zero)], 0)
        each = ops.broadcast(ops.unsqueeze(heads, numpy.array(2)), target, broadcast_spec="BIDIRECTIONAL")
        return ops.reshape(each, numpy.array([0, case.heads, -1, case.head_size]), True)

    def layers(self, case, tensors, threads):
        """Projections, SDPA, projection; the three projections of the input as one product, or each by itself."""
        x, past = tensors["input"], [tensors[name] for name in ("cached_keys", "cached_values") if case.cached]
        for packed in (True, False):
            name = f"MatMul{'' if packed else ' × 3'}, {'Concat, ' if past else ''}SDPA, MatMul"
            yield self.candidate(name, [x, *past], self.layer(case, tensors, packed), x.shape, threads)
            if past:
                yield self.candidate(
                    name.replace("Concat, SDPA", "SDPA over a state"), [x, numpy.arange(case.batch, dtype=numpy.int32)],
                    self.layer(case, tensors, packed, stateful=True), x.shape, threads,
                    states=list(zip(("keys", "values"), past)))

    def layer(self, case, tensors, packed, stateful=False):
        """What makes the graph of a layer."""
        ops, size = self.ops, case.embedding_size
        weight, bias = tensors["in_proj_weight"], tensors["in_proj_bias"]
        split = numpy.array([case.batch, case.queries, case.heads, case.head_size])
        by_head = numpy.array([0, 2, 1, 3])

        def linear(x, weight, bias):
            return ops.add(ops.matmul(x, ops.constant(weight.copy()), False, True), ops.constant(bias.copy()))

        def projections(x):
            if packed:
                parts = ops.split(linear(x, weight, bias), numpy.array(2), 3).outputs()
            else:
                parts = [linear(x, w, b) for w, b in zip(numpy.split(weight, 3), numpy.split(bias, 3))]
            return [ops.transpose(ops.reshape(part, split, False), by_head) for part in parts]

        def build(x, *others):
            (queries, keys, values), assignments = projections(x), []
            if stateful:
                (keys, first), (values, second) = (
                    self.state(case, *new, *others) for new in ((keys, "keys"), (values, "values")))
                assignments = [first, second]
            elif others:
                keys, values = ops.concat([others[0], keys], 2), ops.concat([others[1], values], 2)
            attended = ops.scaled_dot_product_attention(queries, keys, values)
            joined = ops.reshape(ops.transpose(attended, by_head), numpy.array([case.batch, case.queries, size]), False)
            return [linear(joined, tensors["out_proj.weight"], tensors["out_proj.bias"]), *assignments]

        return build
