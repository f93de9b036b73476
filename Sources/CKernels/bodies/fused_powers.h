/* Exponentials of scores whose lanes are queries, and their sums. */

/* ((x0 + x1) + (x2 + x3)) + ...: count is a power of 2. */
INLINE V FN(sum_in_order)(V *x, size_t count) {
  UNROLL for (size_t half = count / 2; half > 0; half /= 2) {
    UNROLL for (size_t i = 0; i < half; i++) x[i] = x[2 * i] + x[2 * i + 1];
  }
  return x[0];
}

/* 2^(s - shift), or e^ of it if natural. The difference comes first: it can't overflow upwards, nor make -inf of a finite score
 * that is its row's maximum. */
INLINE V FN(power)(V s, V shift, bool natural, const FN(Exp2) *of) {
  const V t = s - shift;
  return FN(exp2_below)(natural ? t * of->log2_e : t, of);
}

/* The same of several vectors in place. */
INLINE void FN(powers_each)(V *x, size_t count, V shift, bool natural, const FN(Exp2) *of) {
  UNROLL for (size_t i = 0; i < count; i++) x[i] -= shift;
  if (natural) {
    UNROLL for (size_t i = 0; i < count; i++) x[i] *= of->log2_e;
  }
  FN(exp2_each)(x, count, of);
}

/* p = 2^(s - shift) for keys begin ..< end of one vector of rows, 0 outside low ..< high; begin is a multiple of LANES. s and
 * p point to key `begin`. Adds to sum, LANES keys at a time, their powers added in pairs. */
INLINE V FN(powers_of)(const T *s, T *p, size_t begin, size_t end, size_t low, size_t high, V shift, V sum, bool natural) {
  const FN(Exp2) constants = FN(exp2_constants)(), *of = &constants;
  if (REGISTERS < 32) OPAQUE(of);
  for (size_t start = begin; start < end; start += LANES, s += LANES * WIDTH, p += LANES * WIDTH) {
    V e[LANES];
    if (start >= low && start + LANES <= high) {
      V part[2];
      UNROLL for (size_t half = 0; half < 2; half++) {
        V x[LANES / 2];
        const size_t place = half * LANES / 2 * WIDTH;
        UNROLL for (size_t i = 0; i < LANES / 2; i++) x[i] = FN(load)(s + place + i * WIDTH);
        FN(powers_each)(x, LANES / 2, shift, natural, of);
        UNROLL for (size_t i = 0; i < LANES / 2; i++) FN(store)(p + place + i * WIDTH, x[i]);
        part[half] = FN(sum_in_order)(x, LANES / 2);
      }
      sum += part[0] + part[1];
    } else {
      for (size_t i = 0; i < LANES; i++) {
        const size_t j = start + i;
        e[i] = j >= low && j < high ? FN(power)(FN(load)(s + i * WIDTH), shift, natural, of) : (V)(T)0;
        if (j < end) FN(store)(p + i * WIDTH, e[i]);
      }
      sum += FN(sum_in_order)(e, LANES);
    }
  }
  return sum;
}

static V FN(powers)(const T *s, T *p, size_t begin, size_t end, size_t low, size_t high, V shift, V sum) {
  return FN(powers_of)(s, p, begin, end, low, high, shift, sum, false);
}

static V FN(natural_powers)(const T *s, T *p, size_t begin, size_t end, size_t low, size_t high, V shift, V sum) {
  return FN(powers_of)(s, p, begin, end, low, high, shift, sum, true);
}

/* What is subtracted: 0 for -inf, so that -inf - -inf never happens. */
INLINE V FN(shifts)(V maximum) { return maximum == NEGATIVE_INFINITY ? (V)(T)0 : maximum; }
