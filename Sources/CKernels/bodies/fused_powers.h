/* p = 2^(s - shift) for keys begin ..< end of one vector of rows, 0 outside low ..< high; begin is a multiple of LANES. s and
 * p point to key `begin`. Adds to sum, LANES keys at a time, their powers added in pairs. */
static V FN(powers)(const T *s, T *p, size_t begin, size_t end, size_t low, size_t high, V shift, V sum) {
  for (size_t start = begin; start < end; start += LANES, s += LANES * WIDTH, p += LANES * WIDTH) {
    V e[LANES];
    if (start >= low && start + LANES <= high) {
      UNROLL for (size_t i = 0; i < LANES; i++) {
        e[i] = FN(exp2_below)(FN(load)(s + i * WIDTH) - shift);
        FN(store)(p + i * WIDTH, e[i]);
      }
    } else {
      for (size_t i = 0; i < LANES; i++) {
        const size_t j = start + i;
        e[i] = j >= low && j < high ? FN(exp2_below)(FN(load)(s + i * WIDTH) - shift) : (V)(T)0;
        if (j < end) FN(store)(p + i * WIDTH, e[i]);
      }
    }
    UNROLL for (size_t count = LANES / 2; count > 0; count /= 2) {
      UNROLL for (size_t i = 0; i < count; i++) e[i] = e[2 * i] + e[2 * i + 1];
    }
    sum += e[0];
  }
  return sum;
}

/* The same sum where keys are the lanes. */
INLINE T FN(sum_in_pairs)(V e) {
  T lane[LANES];
  __builtin_memcpy(lane, &e, sizeof e);
  for (size_t count = LANES / 2; count > 0; count /= 2) {
    for (size_t i = 0; i < count; i++) lane[i] = lane[2 * i] + lane[2 * i + 1];
  }
  return lane[0];
}

/* What is subtracted: 0 for -inf, so that -inf - -inf never happens. */
INLINE V FN(shifts)(V maximum) { return maximum == NEGATIVE_INFINITY ? (V)(T)0 : maximum; }
