"""A golden file on its way to disk, and the check that two ways to a value agree."""

import json

import torch
from safetensors import safe_open
from safetensors.torch import save


def agree(what, first, second, tolerance=1e-12):
    """Stop when two ways to the same value differ: a golden file is only worth what checks it."""
    if first.shape != second.shape:
        raise SystemExit(f"{what}: shapes {tuple(first.shape)} and {tuple(second.shape)} differ")
    finite = torch.isfinite(second)
    if not torch.equal(first[~finite], second[~finite]):
        raise SystemExit(f"{what}: the infinities or NaNs differ")
    error = (first - second)[finite].abs().max().item() if finite.any() else 0.0
    bound = tolerance * max(1.0, second[finite].abs().max().item() if finite.any() else 0.0)
    if not error <= bound:
        raise SystemExit(f"{what}: the largest difference is {error}, the bound {bound}")


class Golden:
    """The tensors and the case list of one file."""

    def __init__(self, source, licence):
        self.tensors, self.cases = {}, []
        self.source, self.licence = source, licence

    def add(self, case, tensors):
        self.cases.append(case)
        for name, tensor in tensors.items():
            if tensor is not None:
                self.tensors[f"{case['name']}/{name}"] = tensor.contiguous().clone()

    def write(self, path):
        data = save(self.tensors, {
            "cases": json.dumps(self.cases),
            "torch": torch.__version__,
            "source": self.source,
            "licence": self.licence,
        })
        # The library writes the metadata in an order that changes from run to run.
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8:8 + length])
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length:])
        with safe_open(path, "pt") as file:
            if set(file.keys()) != set(self.tensors):
                raise SystemExit(f"{path.name}: the tensors read are not those written")
            for name, tensor in self.tensors.items():
                if not torch.equal(file.get_tensor(name), tensor):
                    raise SystemExit(f"{path.name}: {name} reads back differently")
        print(f"{path.name}: {len(self.cases)} cases, {len(self.tensors)} tensors, "
              f"{path.stat().st_size} bytes")
