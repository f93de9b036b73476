/* The pass over a row that softmax_rows and softmax_step share. */

/* What is subtracted from a row whose maximum is this: 0 for -inf, so that -inf - -inf never happens. */
INLINE T FN(shift)(T maximum) { return maximum == NEGATIVE_INFINITY ? 0 : maximum; }

/* x = e^(x - shift) for count elements, none of them above shift; returns their sum. Several sums, so that the
 * additions do not wait for each other. */
static T FN(row_exp)(T *x, size_t count, T shift) {
  V sum[4] = {(V)(T)0, (V)(T)0, (V)(T)0, (V)(T)0};
  size_t i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES) {
    for (size_t k = 0; k < 4; k++) {
      V e = FN(exp_below)(FN(load)(x + i + k * LANES) - shift);
      FN(store)(x + i + k * LANES, e);
      sum[k] += e;
    }
  }
  for (; i < count; i += LANES) {
    V e = FN(exp_below)(FN(load_up_to)(x + i, count - i, NEGATIVE_INFINITY) - shift);
    FN(store_up_to)(x + i, count - i, e);
    sum[0] += e;
  }
  return FN(sum_of_lanes)((sum[0] + sum[1]) + (sum[2] + sum[3]));
}
