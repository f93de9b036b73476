/* Softcap, bias and masks on scores whose lanes are queries: bias and keep are turned LANES x LANES at a time. */

INLINE void FN(bias_square)(const RULES *rules, size_t row, size_t rows, size_t j, size_t keys, V square[LANES]) {
  if (rules->bias_stride == 0) {
    for (size_t i = 0; i < keys; i++) square[i] = (V)rules->bias[j + i];
    return;
  }
  for (size_t i = 0; i < LANES; i++) {
    square[i] = i < rows ? FN(load_up_to)(rules->bias + (ptrdiff_t)(row + i) * rules->bias_stride + j, keys, 0) : (V)(T)0;
  }
  FN(transpose)(square);
}

INLINE void FN(keep_square)(const RULES *rules, size_t row, size_t rows, size_t j, size_t keys,
                            FN(bytes) square[LANES]) {
  for (size_t i = 0; i < LANES; i++) {
    square[i] = 0;
    if (i < rows) {
      __builtin_memcpy(&square[i], rules->keep + (ptrdiff_t)(row + i) * rules->keep_stride + j, keys);
    }
  }
  FN(transpose_bytes)(square);
}

/* One vector of rows from `row` on, `rows` of them in the block: applies the rules to the scores of keys low ..< high, -inf
 * where masked. Returns the maxima. */
static V FN(apply_block_rules)(T *s, const RULES *rules, size_t row, size_t rows, size_t count, const FN(Ranges) *ranges) {
  const size_t low = ranges->low[row / LANES], high = ranges->high[row / LANES];
  V top = (V)NEGATIVE_INFINITY;
  for (size_t start = low / LANES * LANES; start < high; start += LANES) {
    const size_t keys = FN(least)(count - start, LANES);
    V bias[LANES];
    FN(bytes) keep[LANES];
    if (rules && rules->bias) FN(bias_square)(rules, row, rows, start, keys, bias);
    if (rules && rules->keep) FN(keep_square)(rules, row, rows, start, keys, keep);
    for (size_t i = start < low ? low - start : 0; i < keys && start + i < high; i++) {
      V x = FN(load)(s + (start + i) * WIDTH + row);
      if (rules && rules->softcap > 0) x = FN(softcapped)(x, rules->softcap);
      if (rules && rules->bias) x = bias[i] == NEGATIVE_INFINITY ? bias[i] : x + bias[i];
      if (rules && rules->keep) x = FN(nonzero)(keep[i]) ? x : (V)NEGATIVE_INFINITY;
      x = FN(attended)(ranges->first + row, ranges->last_end + row, start + i) ? x : (V)NEGATIVE_INFINITY;
      FN(store)(s + (start + i) * WIDTH + row, x);
      top = FN(greater)(x, top);
    }
  }
  return top;
}

/* Whether the rules let row attend key j. */
static bool FN(attends)(const RULES *rules, const FN(Ranges) *ranges, size_t row, size_t j) {
  if ((INT)j < ranges->first[row] || (INT)j >= ranges->last_end[row]) return false;
  if (rules->keep && !rules->keep[(ptrdiff_t)row * rules->keep_stride + (ptrdiff_t)j]) return false;
  return !rules->bias || rules->bias[(ptrdiff_t)row * rules->bias_stride + (ptrdiff_t)j] != NEGATIVE_INFINITY;
}
