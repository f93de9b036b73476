"""A way in which a peer computes a case.

Peers give theirs by `candidates(case, tensors, threads, rewritten)`; `rewritten` adds those that a user who knows
attention could make of the peer's operators: in decoding, the query heads of a group as rows of one head, a view.
"""

from dataclasses import dataclass
from typing import Callable, Optional

import numpy


@dataclass(frozen=True)
class Candidate:
    name: str
    run: Callable[[], object]
    """Computes the output; nothing else is timed."""
    output: Callable[[], numpy.ndarray]
    """Computes it once more and gives it, [B, H, L, D] or [B, L, E]."""
    prepare: Optional[Callable[[], object]] = None
    """Where runs leave something behind: takes it back."""


def rows_of(heads):
    """[B, H, L, D] → [B, L, H·D], contiguous."""
    batch, count, length, size = heads.shape
    return numpy.ascontiguousarray(heads.transpose(0, 2, 1, 3)).reshape(batch, length, count * size)


def heads_of(rows, count):
    """[B, L, H·D] → [B, H, L, D]."""
    batch, length, size = rows.shape
    return rows.reshape(batch, length, count, size // count).transpose(0, 2, 1, 3)
