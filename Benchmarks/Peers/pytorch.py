"""PyTorch: scaled_dot_product_attention, and layers made of it."""

from candidate import Candidate
from cases import LayerCase


class PyTorch:
    name = "PyTorch"

    def __init__(self):
        import torch

        self.torch = torch
        self.version = torch.__version__
        self.attend = torch.nn.functional.scaled_dot_product_attention

    def context(self):
        return self.torch.inference_mode()

    def candidates(self, case, tensors, threads, rewritten):
        self.torch.set_num_threads(threads)
        tensors = {name: self.torch.tensor(numbers) for name, numbers in tensors.items()}
        if isinstance(case, LayerCase):
            return list(self.cached_layers(case, tensors) if case.cached else self.layers(case, tensors))
        return list(self.attentions(case, tensors, rewritten))

    def candidate(self, name, run):
        return Candidate(name, run, lambda: run().numpy())

    def attentions(self, case, tensors, rewritten):
        attend, causal = self.attend, case.causal
        queries, keys, values = tensors["queries"], tensors["keys"], tensors["values"]
        group = case.heads // case.key_heads
        if group == 1:
            yield self.candidate("SDPA", lambda: attend(queries, keys, values, is_causal=causal))
            return
        yield self.candidate(
            "SDPA, enable_gqa", lambda: attend(queries, keys, values, is_causal=causal, enable_gqa=True))
        all_keys, all_values = (heads.repeat_interleave(group, dim=1) for heads in (keys, values))
        yield self.candidate(
            "SDPA, heads expanded before", lambda: attend(queries, all_keys, all_values, is_causal=causal))
        if rewritten and case.queries == 1:
            stacked = queries.view(case.batch, case.key_heads, group, case.head_size)
            shape = queries.shape
            yield self.candidate("SDPA, groups as rows", lambda: attend(stacked, keys, values).view(shape))

    def layers(self, case, tensors):
        torch, attend, linear = self.torch, self.attend, self.torch.nn.functional.linear
        size, shape = case.embedding_size, tensors["input"].shape
        layer = torch.nn.MultiheadAttention(size, case.heads, batch_first=True)
        layer.load_state_dict({name: tensors[name] for name in layer.state_dict()})
        layer.eval()
        x = tensors["input"]
        yield self.candidate("nn.MultiheadAttention", lambda: layer(x, x, x, need_weights=False)[0])

        weight, bias = tensors["in_proj_weight"], tensors["in_proj_bias"]
        last_weight, last_bias = tensors["out_proj.weight"], tensors["out_proj.bias"]
        split = (case.batch, case.queries, 3, case.heads, case.head_size)

        def run():
            queries, keys, values = linear(x, weight, bias).view(split).permute(2, 0, 3, 1, 4).unbind()
            return linear(attend(queries, keys, values).transpose(1, 2).reshape(shape), last_weight, last_bias)

        yield self.candidate("Linear, SDPA, Linear", run)

    def cached_layers(self, case, tensors):
        torch, attend, linear = self.torch, self.attend, self.torch.nn.functional.linear
        x, shape = tensors["input"], tensors["input"].shape
        weight, bias = tensors["in_proj_weight"], tensors["in_proj_bias"]
        last_weight, last_bias = tensors["out_proj.weight"], tensors["out_proj.bias"]
        past_keys, past_values = tensors["cached_keys"], tensors["cached_values"]
        split = (case.batch, case.queries, 3, case.heads, case.head_size)

        def concatenated():
            queries, keys, values = linear(x, weight, bias).view(split).permute(2, 0, 3, 1, 4).unbind()
            keys, values = torch.cat([past_keys, keys], dim=2), torch.cat([past_values, values], dim=2)
            return linear(attend(queries, keys, values).transpose(1, 2).reshape(shape), last_weight, last_bias)

        yield self.candidate("Linear, cat, SDPA, Linear", concatenated)

        room = (case.batch, case.heads, case.keys, case.head_size)
        all_keys, all_values = torch.empty(room), torch.empty(room)
        all_keys[:, :, :case.cached], all_values[:, :, :case.cached] = past_keys, past_values
        new_keys, new_values = all_keys[:, :, case.cached:], all_values[:, :, case.cached:]

        def in_place():
            queries, keys, values = linear(x, weight, bias).view(split).permute(2, 0, 3, 1, 4).unbind()
            new_keys.copy_(keys)
            new_values.copy_(values)
            return linear(attend(queries, all_keys, all_values).transpose(1, 2).reshape(shape), last_weight, last_bias)

        yield self.candidate("Linear, copy into cache, SDPA, Linear", in_place)
