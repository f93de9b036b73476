/* 2^t for t <= 0 or NaN: t = n + f with 0 <= f <= 1, a polynomial for 2^f, then 2^n. */

/* unit * 2^f, unit a power of 2; exactly unit at f = 0. */
INLINE V FN(exp2_fraction)(V f, T unit) {
  static const T terms[] = {EXP2_TERMS};
  V q = (V)(terms[0] * unit);
  for (size_t i = 1; i < sizeof terms / sizeof terms[0]; i++) q = FN(multiply_add)(q, f, (V)(terms[i] * unit));
  return FN(multiply_add)(q, f, (V)unit);
}

#if NATIVE_EXP2
/* fraction_of(t) is t - floor(t), 0 for -inf; scale(v, _, t) takes floor(t) itself: subnormal results are rounded once. */
INLINE V FN(exp2_below)(V t) { return FN(scale)(FN(exp2_fraction)(FN(fraction_of)(t), 1), t, t); }
#else
INLINE V FN(exp2_below)(V t) {
  t = t < (T)EXP2_LOWEST ? (V)(T)EXP2_LOWEST : t; /* NaN stays */
  V rounded = (t - (T)0.5) + (T)ROUND_TO_BIASED;
  V n = rounded - (T)ROUND_TO_BIASED;
  V twice = (V)((FN(bits))rounded << EXPONENT_SHIFT);
  return FN(exp2_fraction)(t - n, (T)0.5) * twice;
}
#endif
