import json
import struct
import tempfile
import unittest
from pathlib import Path

import numpy

import reference
import tensors
from candidate import heads_of, rows_of
from cases import LayerCase


class ReferenceTests(unittest.TestCase):
    def setUp(self):
        self.generator = numpy.random.default_rng(1)

    def numbers(self, *shape):
        return self.generator.standard_normal(shape, dtype=numpy.float32)

    def test_equal_keys_give_the_mean_of_values(self):
        values = self.numbers(2, 3, 7, 5)
        output = reference.attention(self.numbers(2, 6, 4, 11), numpy.ones((2, 3, 7, 11)), values, causal=False)
        expected = numpy.repeat(values.mean(axis=2, dtype=numpy.float64), 2, axis=1)[:, :, None]
        self.assertLess(numpy.abs(output - expected).max(), 1e-14)

    def test_causal_rows_are_full_rows_of_a_prefix(self):
        queries, keys, values = self.numbers(1, 2, 600, 3), self.numbers(1, 1, 600, 3), self.numbers(1, 1, 600, 3)
        output = reference.attention(queries, keys, values, causal=True)
        self.assertEqual(output[0, 1, 0].tolist(), values[0, 0, 0].astype(float).tolist())
        for row in (1, 511, 512, 599):
            whole = reference.attention(queries[:, :, row:row + 1], keys[:, :, :row + 1], values[:, :, :row + 1], False)
            self.assertLess(numpy.abs(whole[0, :, 0] - output[0, :, row]).max(), 1e-14)

    def test_layer_over_a_cache_is_the_last_row_of_a_longer_layer(self):
        whole, step = LayerCase("", 2, 5, 6, 3), LayerCase("", 2, 1, 6, 3, cached=4)
        given = {"input": self.numbers(2, 5, 6), "in_proj_weight": self.numbers(18, 6),
                 "in_proj_bias": self.numbers(18), "out_proj.weight": self.numbers(6, 6), "out_proj.bias": self.numbers(6)}
        exact = {name: numbers.astype(numpy.float64) for name, numbers in given.items()}
        packed = exact["input"] @ exact["in_proj_weight"].T + exact["in_proj_bias"]
        heads = heads_of(packed, 9)
        cached = {"input": exact["input"][:, 4:], "cached_keys": heads[:, 3:6, :4], "cached_values": heads[:, 6:, :4]}
        difference = reference.output(step, exact | cached) - reference.output(whole, given)[:, 4:]
        self.assertLess(numpy.abs(difference).max(), 1e-12)

    def test_rows_and_heads(self):
        heads = self.numbers(2, 3, 5, 7)
        self.assertEqual(rows_of(heads)[1, 4, 2 * 7 + 6], heads[1, 2, 4, 6])
        self.assertTrue((heads_of(rows_of(heads), 3) == heads).all())


class AgreementTests(unittest.TestCase):
    def test_bounds(self):
        expected = numpy.array([[1.0, 100.0]])
        self.assertTrue(reference.Agreement.of(expected + [2.9e-5, 2e-3], expected).agrees)
        wrong = reference.Agreement.of(expected + [4e-5, 0], expected)
        self.assertFalse(wrong.agrees)
        self.assertTrue(wrong.words.startswith("[0, 0]: 1.00004 for 1, error 4e-05"), wrong.words)

    def test_nan_and_shape(self):
        expected = numpy.zeros((2, 3))
        actual = expected.copy()
        actual[1, 2] = numpy.nan
        found = reference.Agreement.of(actual, expected)
        self.assertEqual((found.agrees, found.error), (False, float("inf")))
        self.assertIn("[1, 2]", found.words)
        self.assertEqual(reference.Agreement.of(actual[:1], expected).words, "shape [1, 3], expected [2, 3]")


class TensorsTests(unittest.TestCase):
    def read(self, header, data):
        text = json.dumps(header).encode()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            path.write_bytes(struct.pack("<Q", len(text)) + text + data)
            return tensors.read(path)

    def test_reads_aligned_copies(self):
        data = numpy.arange(6, dtype=numpy.float32)
        entry = {"dtype": "F32", "shape": [3, 1], "data_offsets": [12, 24]}
        found = self.read({"__metadata__": {"a": "b"}, "x": entry}, data.tobytes())
        self.assertEqual(list(found), ["x"])
        self.assertEqual(found["x"].tolist(), [[3], [4], [5]])
        self.assertEqual(found["x"].ctypes.data % 64, 0)
        self.assertTrue(found["x"].flags.writeable)

    def test_damaged_files(self):
        entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
        for header, data in (({"x": entry}, b"1234"), ({"x": entry | {"dtype": "I3"}}, b"12345678"), ([1], b""),
                             ({"x": entry | {"shape": [3]}}, b"12345678")):
            with self.subTest(header=header), self.assertRaises(ValueError):
                self.read(header, data)
