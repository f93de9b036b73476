/* Rules, then one step of the online softmax: Milakov and Gimelshein 2018 (arXiv:1805.02867), algorithm 3. */

static void FN(softmax_step)(T *s, size_t rows, size_t cols, size_t ld, const RULES *rules, T *maximum, T *sum,
                             T *rescale) {
  /* LANES rows at a time, so that their rescaling factors are one vector. */
  for (size_t start = 0; start < rows; start += LANES) {
    const size_t count = rows - start < LANES ? rows - start : LANES;
    T new_maximum[LANES] = {0};
    T row_sum[LANES] = {0};
    /* The maxima of a few rows, then their exponentials: one row's reduction does not hold up the next row. */
    for (size_t group = 0; group < count; group += 4) {
      const size_t end = count - group < 4 ? count : group + 4;
      for (size_t k = group; k < end; k++) {
        T *row = s + (start + k) * ld;
        const FN(RowRules) row_rules = FN(row_rules)(rules, start + k, cols);
        FN(fill_outside)(row, cols, &row_rules, 0);
        const T top = FN(apply_rules)(row + row_rules.begin, &row_rules);
        const T old = maximum[start + k];
        new_maximum[k] = top > old ? top : old;
      }
      for (size_t k = group; k < end; k++) {
        const FN(RowRules) row_rules = FN(row_rules)(rules, start + k, cols);
        T *x = s + (start + k) * ld + row_rules.begin;
        row_sum[k] = FN(row_exp)(x, row_rules.count, FN(shift)(new_maximum[k]));
      }
    }
    const V old = FN(load_up_to)(maximum + start, count, 0);
    const V new = FN(load)(new_maximum);
    const V factor = old == NEGATIVE_INFINITY ? (V)(T)1 : FN(exp_below)(old - new);
    const V old_sum = FN(load_up_to)(sum + start, count, 0);
    FN(store_up_to)(sum + start, count, FN(multiply_add)(old_sum, factor, FN(load)(row_sum)));
    FN(store_up_to)(maximum + start, count, new);
    FN(store_up_to)(rescale + start, count, factor);
  }
}
