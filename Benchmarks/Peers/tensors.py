"""Tensors in files of the safetensors format: 8 bytes of length, a header in JSON, the numbers."""

import json
import struct

import numpy

TYPES = {"F32": numpy.float32, "F64": numpy.float64}


def read(path):
    """All tensors of a file by name.

    Raises ValueError for a file that is none, or with numbers of a kind that TYPES does not name.
    """
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 8:
        raise ValueError(f"{path}: {len(data)} bytes are no safetensors file")
    (length,) = struct.unpack("<Q", data[:8])
    try:
        header = json.loads(data[8:8 + length])
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        return {name: tensor(data, 8 + length, entry) for name, entry in entries.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def tensor(data, start, entry):
    kind = numpy.dtype(TYPES[entry["dtype"]])
    first, end = entry["data_offsets"]
    if start + end > len(data):
        raise ValueError(f"ends after {len(data)} bytes, expected {start + end}")
    return aligned(numpy.frombuffer(data, kind, (end - first) // kind.itemsize, start + first).reshape(entry["shape"]))


def aligned(array):
    """A contiguous copy that begins at a multiple of 64 bytes, as vector instructions like it."""
    memory = numpy.empty(array.nbytes + 64, numpy.uint8)
    first = -memory.ctypes.data % 64
    copy = memory[first:first + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
