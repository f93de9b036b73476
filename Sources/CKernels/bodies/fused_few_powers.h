/* Exponentials of few rows' scores, whose lanes are keys, and their sums. */

/* Vectors at a time, as many as four_sums_in_pairs and exp2_each take. Groups of them are counted from the tile's first key, so
 * that a key's place in its group depends neither on where its row's keys begin nor on other rows. */
#define FEW_POWERS 4
_Static_assert(FUSED_TILE_KEYS % (FEW_POWERS * LANES) == 0, "a tile is whole groups");

/* Powers of s - shift in place for keys begin ..< end, whole groups. Returns their sum: with same_bits vector after vector, each
 * added in pairs, as for many rows; else one chain of additions for each lane of a group, so that they wait less for each other. */
INLINE T FN(few_row_powers)(T *s, size_t begin, size_t end, V shift, bool natural, bool same_bits, const FN(Exp2) *of) {
  T total = 0;
  V chains[FEW_POWERS];
  UNROLL for (size_t i = 0; i < FEW_POWERS; i++) chains[i] = (V)(T)0;
  for (size_t j = begin; j < end; j += FEW_POWERS * LANES) {
    V e[FEW_POWERS];
    UNROLL for (size_t i = 0; i < FEW_POWERS; i++) e[i] = FN(load)(s + j + i * LANES);
    FN(powers_each)(e, FEW_POWERS, shift, natural, of);
    UNROLL for (size_t i = 0; i < FEW_POWERS; i++) FN(store)(s + j + i * LANES, e[i]);
    if (same_bits) {
      T sums[FEW_POWERS];
      FN(four_sums_in_pairs)(e, sums);
      UNROLL for (size_t i = 0; i < FEW_POWERS; i++) total += sums[i];
    } else {
      UNROLL for (size_t i = 0; i < FEW_POWERS; i++) chains[i] += e[i];
    }
  }
  return same_bits ? total : FN(sum_in_pairs)(FN(sum_in_order)(chains, FEW_POWERS));
}

/* Rules, then the powers of s - maximum in place, 0 where masked. */
static void FN(few_powers)(const BLOCK *block, const RULES *rules, const FN(Ranges) *ranges, size_t count, T *s, T *maximum,
                           T *sum) {
  const size_t group = FEW_POWERS * LANES;
  const size_t begin = ranges->begin / group * group, end = (ranges->end + group - 1) / group * group;
  const FN(Exp2) constants = FN(exp2_constants)(), *of = &constants;
  if (REGISTERS < 32) OPAQUE(of);
  for (size_t r = 0; r < block->rows; r++) {
    T *row = s + r * FUSED_TILE_KEYS;
    const size_t first = FN(most)((size_t)ranges->first[r], begin);
    const size_t last = FN(most)((size_t)ranges->last_end[r], first);
    FN(fill)(row + begin, first - begin, NEGATIVE_INFINITY);
    FN(fill)(row + last, FN(most)(end, last) - last, NEGATIVE_INFINITY);
    T top = NEGATIVE_INFINITY;
    if (rules) {
      const FN(RowRules) row_rules = FN(row_rules)(rules, r, count);
      top = FN(apply_rules)(row + row_rules.begin, &row_rules);
    } else {
      top = FN(row_maximum)(row + first, last - first);
    }
    const V shift = (V)FN(shift)(top);
    maximum[r] = top;
    sum[r] = block->same_bits ? FN(few_row_powers)(row, begin, end, shift, block->natural, true, of)
                              : FN(few_row_powers)(row, begin, end, shift, block->natural, false, of);
  }
}
