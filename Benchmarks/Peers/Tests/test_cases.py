import unittest

from cases import ALL, NAMED, QUICK, AttentionCase, LayerCase, UsageError, select


class CasesTests(unittest.TestCase):
    def test_fifteen_and_four(self):
        self.assertEqual([isinstance(case, AttentionCase) for case in ALL], [True] * 15 + [False] * 4)
        self.assertEqual(len(NAMED), 19)
        self.assertEqual(len(select(QUICK)), len(QUICK))

    def test_operations(self):
        # bert512: 4·12·512²·64
        self.assertEqual(NAMED["bert512"].operations, 805_306_368)
        # Causal: rows of 1, 2 and 3 keys, 2·3 heads, 5 multiplications and additions in each of two products.
        self.assertEqual(AttentionCase("", 2, 3, 1, 3, 3, 5, True).operations, 6 * 6 * 5 * 2 * 2)
        # Four projections of 6 rows by 15 × 15, and two products of 3 × 10 scores over 3 numbers in 10 heads.
        self.assertEqual(LayerCase("", 2, 3, 15, 5, cached=7).operations, 4 * 2 * 6 * 225 + 2 * 2 * 30 * 3 * 10)

    def test_arguments(self):
        self.assertEqual(NAMED["vit"].arguments, ["--case", "vit"])
        self.assertEqual(NAMED["layer512"].arguments, ["--layer", "1,512,768,12"])
        self.assertEqual(NAMED["layer-decode"].arguments, ["--layer", "1,1,768,12,1024"])
        self.assertEqual(NAMED["layer-decode"].file, "1,1,768,12,1024.safetensors")

    def test_words(self):
        self.assertEqual(NAMED["mistral"].words, "1 × 32/8 heads, 1024, D 128, causal")
        self.assertEqual(NAMED["cross"].words, "1 × 8 heads, 64×1500, D 64")
        self.assertEqual(NAMED["layer-decode"].words, "[1, 1, 768] × 12 heads, 1024 cached keys")

    def test_selection_keeps_the_report_s_order(self):
        self.assertEqual([case.name for case in select(["gpt2", "minilm", "gpt2"])], ["minilm", "gpt2"])

    def test_wrong_selections(self):
        with self.assertRaisesRegex(UsageError, "names 'bert': expected some of minilm, "):
            select(["gpt2", "bert"])
        with self.assertRaisesRegex(UsageError, "empty"):
            select([])
