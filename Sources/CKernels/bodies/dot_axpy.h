/* Level-1 BLAS for vectors too short for a call into it. */

static T FN(dot)(const T *x, const T *y, size_t count) {
  V sum[4] = {(V)(T)0, (V)(T)0, (V)(T)0, (V)(T)0};
  size_t i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES) {
    for (size_t k = 0; k < 4; k++) {
      sum[k] = FN(multiply_add)(FN(load)(x + i + k * LANES), FN(load)(y + i + k * LANES), sum[k]);
    }
  }
  for (; i < count; i += LANES) {
    sum[0] = FN(multiply_add)(FN(load_up_to)(x + i, count - i, 0), FN(load_up_to)(y + i, count - i, 0), sum[0]);
  }
  return FN(sum_of_lanes)((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

static void FN(axpy)(T a, const T *x, T *y, size_t count) {
  for (size_t i = 0; i < count; i += LANES) {
    const V terms = FN(load_up_to)(x + i, count - i, 0);
    FN(store_up_to)(y + i, count - i, FN(multiply_add)((V)a, terms, FN(load_up_to)(y + i, count - i, 0)));
  }
}
