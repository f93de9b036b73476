"""What is right: attention and the layer in float64, and how far from it float32 may be."""

from dataclasses import dataclass

import numpy

from cases import LayerCase

ROWS = 512


def attention(queries, keys, values, causal):
    """softmax(Q·Kᵀ/√D)·V of queries [B, H, L, D], keys and values [B, G, S, D], by blocks of rows."""
    batch, heads, length, head_size = queries.shape
    group = heads // keys.shape[1]
    output = numpy.empty((batch, heads, length, values.shape[-1]))
    for b in range(batch):
        for h in range(heads):
            key, value = keys[b, h // group].astype(numpy.float64), values[b, h // group].astype(numpy.float64)
            for first in range(0, length, ROWS):
                rows = slice(first, min(first + ROWS, length))
                attended = rows.stop if causal else len(key)
                scores = queries[b, h, rows].astype(numpy.float64) @ key[:attended].T
                scores /= numpy.sqrt(head_size)
                if causal:
                    positions = numpy.arange(rows.start, rows.stop)
                    scores[numpy.arange(attended) > positions[:, None]] = -numpy.inf
                scores -= scores.max(axis=-1, keepdims=True)
                numpy.exp(scores, out=scores)
                output[b, h, rows] = (scores @ value[:attended]) / scores.sum(axis=-1, keepdims=True)
    return output


def layer(case, tensors):
    """The output [B, L, E] of a layer, its parameters by PyTorch's names."""
    batch, length, size = tensors["input"].shape
    exact = {name: numbers.astype(numpy.float64) for name, numbers in tensors.items() if name[:6] != "output"}
    packed = exact["input"] @ exact["in_proj_weight"].T + exact["in_proj_bias"]
    # [B, L, 3, H, D] → 3 × [B, H, L, D]
    queries, keys, values = packed.reshape(batch, length, 3, case.heads, case.head_size).transpose(2, 0, 3, 1, 4)
    if case.cached:
        keys = numpy.concatenate([exact["cached_keys"], keys], axis=2)
        values = numpy.concatenate([exact["cached_values"], values], axis=2)
    joined = attention(queries, keys, values, causal=False).transpose(0, 2, 1, 3).reshape(batch, length, size)
    return joined @ exact["out_proj.weight"].T + exact["out_proj.bias"]


def output(case, tensors):
    """The case's output in float64, from its input in float32."""
    if isinstance(case, LayerCase):
        return layer(case, tensors)
    return attention(tensors["queries"], tensors["keys"], tensors["values"], case.causal)


@dataclass(frozen=True)
class Agreement:
    """The largest error of an output, where it is, and whether every element is near enough."""

    agrees: bool
    error: float
    words: str

    @staticmethod
    def of(actual, expected):
        """Allowed is 1e-5 + 2e-5·|x|: rounding in float32, not a wrong result."""
        if actual.shape != expected.shape:
            words = f"shape {list(actual.shape)}, expected {list(expected.shape)}"
            return Agreement(False, float("inf"), words)
        error = numpy.abs(actual - expected)
        error[numpy.isnan(error)] = numpy.inf
        shares = error / (1e-5 + 2e-5 * numpy.abs(expected))
        place = numpy.unravel_index(int(shares.argmax()), shares.shape)
        words = f"{list(map(int, place))}: {actual[place]:.7g} for {expected[place]:.7g}, error {error[place]:.2g}"
        return Agreement(bool(shares[place] <= 1), float(error.max()), words)
