"""The problems that everybody computes."""

from dataclasses import dataclass


class UsageError(Exception):
    """What is wrong with a command line."""


@dataclass(frozen=True)
class AttentionCase:
    """Queries [B, H, L, D], keys and values [B, G, S, D]; causal: query i attends keys j ≤ i."""

    name: str
    batch: int
    heads: int
    key_heads: int
    queries: int
    keys: int
    head_size: int
    causal: bool = False
    is_small: bool = False
    """So little work that what surrounds it counts: attention-benchmark has no name for it."""

    @property
    def operations(self):
        """4·B·H·D for each pair of query and key that is attended; exponentials are not counted."""
        attended = self.queries * (self.queries + 1) // 2 if self.causal else self.queries * self.keys
        return 4 * self.batch * self.heads * self.head_size * attended

    @property
    def score_bytes(self):
        """Of a whole score matrix, which some implementations write."""
        return 4 * self.batch * self.heads * self.queries * self.keys

    @property
    def text(self):
        sizes = [self.batch, self.heads, self.key_heads, self.queries, self.keys, self.head_size]
        return ",".join(map(str, sizes))

    @property
    def file(self):
        return f"{self.text if self.is_small else self.name}.safetensors"

    @property
    def arguments(self):
        """How attention-benchmark is asked for it."""
        return ["--shape", self.text] if self.is_small else ["--case", self.name]

    @property
    def words(self):
        groups = f"/{self.key_heads}" if self.key_heads != self.heads else ""
        lengths = f"{self.queries}×{self.keys}" if self.queries != self.keys else f"{self.queries}"
        mask = ", causal" if self.causal else ""
        return f"{self.batch} × {self.heads}{groups} heads, {lengths}, D {self.head_size}{mask}"


@dataclass(frozen=True)
class LayerCase:
    """Multi-head self-attention with its four projections and biases, input [B, L, E]; `cached` keys and values
    [B, H, cached, D] come before the input's own."""

    name: str
    batch: int
    queries: int
    embedding_size: int
    heads: int
    cached: int = 0

    @property
    def keys(self):
        return self.cached + self.queries

    @property
    def head_size(self):
        return self.embedding_size // self.heads

    @property
    def operations(self):
        """8·B·L·E² for the projections, and the attention's."""
        projections = 8 * self.batch * self.queries * self.embedding_size**2
        return projections + 4 * self.batch * self.heads * self.queries * self.keys * self.head_size

    @property
    def text(self):
        sizes = [self.batch, self.queries, self.embedding_size, self.heads] + ([self.cached] if self.cached else [])
        return ",".join(map(str, sizes))

    @property
    def file(self):
        return f"{self.text}.safetensors"

    @property
    def arguments(self):
        return ["--layer", self.text]

    @property
    def words(self):
        past = f", {self.cached} cached keys" if self.cached else ""
        return f"[{self.batch}, {self.queries}, {self.embedding_size}] × {self.heads} heads{past}"


def square(name, batch, heads, key_heads, length, head_size, causal=False, is_small=False):
    return AttentionCase(name, batch, heads, key_heads, length, length, head_size, causal, is_small)


ALL = [
    square("minilm", 8, 12, 12, 128, 32),
    square("bert128", 8, 12, 12, 128, 64),
    square("bert512", 1, 12, 12, 512, 64),
    square("vit", 4, 12, 12, 197, 64),
    square("whisper", 1, 8, 8, 1500, 64),
    square("gpt2", 1, 12, 12, 1024, 64, causal=True),
    square("llama1b", 1, 32, 8, 2048, 64, causal=True),
    square("mistral", 1, 32, 8, 1024, 128, causal=True),
    square("long8k", 1, 8, 8, 8192, 64),
    AttentionCase("cross", 1, 8, 8, 64, 1500, 64),
    AttentionCase("decode4k", 1, 32, 8, 1, 4096, 128),
    AttentionCase("decode1k", 1, 12, 12, 1, 1024, 64),
    AttentionCase("decodeB8", 8, 32, 8, 1, 2048, 64),
    square("tiny", 2, 2, 2, 3, 2, is_small=True),
    square("small", 1, 8, 8, 16, 64, is_small=True),
    LayerCase("layer128", 8, 128, 384, 12),
    LayerCase("layer512", 1, 512, 768, 12),
    LayerCase("layer2048", 2, 2048, 512, 8),
    LayerCase("layer-decode", 1, 1, 768, 12, cached=1024),
]

NAMED = {case.name: case for case in ALL}

QUICK = ["bert512", "gpt2", "decode4k", "layer128"]


def select(names):
    """Cases by name, in the order of the report, each once.

    Raises UsageError for a name that is none.
    """
    for name in names:
        if name not in NAMED:
            raise UsageError(f"--cases names '{name}': expected some of {', '.join(NAMED)}")
    if not names:
        raise UsageError(f"--cases is empty: expected some of {', '.join(NAMED)}")
    return [case for case in ALL if case.name in set(names)]
