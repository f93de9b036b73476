/* Whole rows by one number each, and what ends an online softmax. */

static void FN(weights)(T *s, size_t rows, size_t cols, size_t ld, const T *maximum, const T *sum) {
  for (size_t r = 0; r < rows; r++) {
    T *row = s + r * ld;
    if (sum[r] == 0) {
      FN(fill)(row, cols, 0);
      continue;
    }
    const T shift = FN(shift)(maximum[r]);
    const T factor = 1 / sum[r];
    for (size_t i = 0; i < cols; i += LANES) {
      V x = FN(load_up_to)(row + i, cols - i, 0);
      V weight = FN(exp_anywhere)(x - shift) * factor;
      /* Masked stays 0 in a row whose sum is NaN. */
      FN(store_up_to)(row + i, cols - i, x == NEGATIVE_INFINITY ? (V)(T)0 : weight);
    }
  }
}

static void FN(log_sum_exp)(const T *maximum, const T *sum, T *out, size_t rows) {
  for (size_t r = 0; r < rows; r++) out[r] = sum[r] == 0 ? NEGATIVE_INFINITY : maximum[r] + LOG(sum[r]);
}

static void FN(scale_rows)(T *x, size_t rows, size_t cols, size_t ld, const T *factor) {
  for (size_t r = 0; r < rows; r++) {
    if (factor[r] == 1) continue;
    T *row = x + r * ld;
    for (size_t i = 0; i < cols; i += LANES) {
      FN(store_up_to)(row + i, cols - i, FN(load_up_to)(row + i, cols - i, 0) * factor[r]);
    }
  }
}

static void FN(divide_rows)(const T *x, size_t rows, size_t cols, size_t ld, const T *divisor, T *out, size_t ldout) {
  for (size_t r = 0; r < rows; r++) {
    const T *row = x + r * ld;
    T *quotient = out + r * ldout;
    if (divisor[r] == 0) {
      FN(fill)(quotient, cols, 0);
      continue;
    }
    for (size_t i = 0; i < cols; i += LANES) {
      FN(store_up_to)(quotient + i, cols - i, FN(load_up_to)(row + i, cols - i, 0) / divisor[r]);
    }
  }
}

static bool FN(all_finite)(const T *x, size_t rows, size_t cols, size_t ld) {
  for (size_t r = 0; r < rows; r++) {
    const T *row = x + r * ld;
    V zero = (V)(T)0; /* x*0 is NaN for NaN and for infinity */
    for (size_t i = 0; i < cols; i += LANES) zero += FN(load_up_to)(row + i, cols - i, 0) * 0;
    if (FN(sum_of_lanes)(zero) != 0) return false;
  }
  return true;
}
