/* e^x: x = n*ln2 + r, a polynomial for e^r, then 2^n (Cody and Waite 1980, chapter 6). */

/* The Q of e^r = 1 + r*Q(r), |r| <= ln2/2. */
INLINE V FN(exp_slope)(V r) {
  static const T terms[] = {EXP_TERMS};
  V q = (V)terms[0];
  for (size_t i = 1; i < sizeof terms / sizeof terms[0]; i++) q = FN(multiply_add)(q, r, (V)terms[i]);
  return FN(multiply_add)(q, r, (V)(T)1);
}

/* r for x; rounded receives n + ROUND_TO_INTEGER, n the multiple of ln2. */
INLINE V FN(reduce)(V x, V *rounded, V *n) {
  *rounded = FN(multiply_add)(x, (V)(T)LOG2_E, (V)(T)ROUND_TO_INTEGER);
  *n = *rounded - (T)ROUND_TO_INTEGER;
  V r = FN(multiply_add)(*n, (V)(T)-LN2_HIGH, x);
  return FN(multiply_add)(*n, (V)(T)-LN2_LOW, r);
}

/* e^x for x <= EXP_HIGHEST or NaN. Lanes below EXP_LOWEST (-inf too) compute nonsense, then are chosen to be 0: that
 * costs less than a clamp followed by a subnormal product. */
INLINE V FN(exp_below)(V x) {
  V rounded, n;
  V r = FN(reduce)(x, &rounded, &n);
  V e = FN(multiply_add)(FN(exp_slope)(r), r, (V)(T)1);
  return x < (T)EXP_LOWEST ? (V)(T)0 : FN(scale)(e, rounded, n);
}

INLINE V FN(exp_anywhere)(V x) {
  return x > (T)EXP_HIGHEST ? (V)(T)__builtin_inf() : FN(exp_below)(x);
}

static void FN(exp)(const T *x, T *y, size_t count) {
  for (size_t i = 0; i < count; i += LANES) {
    FN(store_up_to)(y + i, count - i, FN(exp_anywhere)(FN(load_up_to)(x + i, count - i, 0)));
  }
}
