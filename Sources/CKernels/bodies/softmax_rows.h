/* Rules, then the softmax of whole rows. Three passes over a row, which stays in cache. */

/* A row with an attended NaN or +inf: NaN where attended, 0 where masked. */
static void FN(fill_undefined)(T *x, const FN(RowRules) *rules, T value) {
  for (size_t i = 0; i < rules->count; i++) {
    bool masked = (rules->keep && !rules->keep[i]) || (rules->bias && rules->bias[i] == NEGATIVE_INFINITY);
    x[i] = masked ? 0 : value;
  }
}

static void FN(softmax_rows)(T *s, size_t rows, size_t cols, size_t ld, const RULES *rules, T *log_sum_exp) {
  for (size_t r = 0; r < rows; r++) {
    const FN(RowRules) row_rules = FN(row_rules)(rules, r, cols);
    FN(fill_outside)(s + r * ld, cols, &row_rules, 0);
    T *x = s + r * ld + row_rules.begin;
    const size_t count = row_rules.count;

    const T maximum = FN(apply_rules)(x, &row_rules);
    const T sum = FN(row_exp)(x, count, FN(shift)(maximum));
    if (log_sum_exp) log_sum_exp[r] = sum == 0 ? NEGATIVE_INFINITY : maximum + LOG(sum);
    if (sum == 0) continue; /* nothing above -inf: every e^ is already 0 */
    if (sum != sum) {
      FN(fill_undefined)(x, &row_rules, sum);
      continue;
    }
    const T factor = 1 / sum;
    for (size_t i = 0; i < count; i += LANES) {
      FN(store_up_to)(x + i, count - i, FN(load_up_to)(x + i, count - i, 0) * factor);
    }
  }
}
