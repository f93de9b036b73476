/* 2^t for t <= 0 or NaN: t = n + f with 0 <= f <= 1, a polynomial for 2^f, then 2^n. */

/* What it needs, and log2(e) for powers of e, in every lane: instructions take it from memory as it is where registers are few. */
typedef struct FN(Exp2) {
  V log2_e, unit, terms[sizeof (T[]){EXP2_TERMS} / sizeof(T)];
#if !NATIVE_EXP2
  V lowest, half, round;
#endif
} FN(Exp2);

INLINE FN(Exp2) FN(exp2_constants)(void) {
  static const T terms[] = {EXP2_TERMS};
  FN(Exp2) of;
  UNROLL for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) of.terms[i] = (V)terms[i];
  of.log2_e = (V)(T)LOG2_E;
#if NATIVE_EXP2
  of.unit = (V)(T)1;
#else
  UNROLL for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) of.terms[i] *= (T)0.5;
  of.unit = of.half = (V)(T)0.5;
  of.lowest = (V)(T)EXP2_LOWEST;
  of.round = (V)(T)ROUND_TO_BIASED;
#endif
  return of;
}

#if NATIVE_EXP2
/* 2^f; exactly 1 at f = 0. */
INLINE V FN(exp2_fraction)(V f, const FN(Exp2) *of) {
  V q = of->terms[0];
  UNROLL for (size_t i = 1; i < sizeof of->terms / sizeof of->terms[0]; i++) q = FN(multiply_add)(q, f, of->terms[i]);
  return FN(multiply_add)(q, f, of->unit);
}

/* fraction_of(t) is t - floor(t), 0 for -inf; scale(v, _, t) takes floor(t) itself: subnormal results are rounded once. */
INLINE V FN(exp2_below)(V t, const FN(Exp2) *of) { return FN(scale)(FN(exp2_fraction)(FN(fraction_of)(t), of), t, t); }

INLINE void FN(exp2_each)(V *t, size_t count, const FN(Exp2) *of) {
  UNROLL for (size_t i = 0; i < count; i++) t[i] = FN(exp2_below)(t[i], of);
}
#else
/* Of up to four vectors in place, step by step in all of them. One after the other, each as a whole, its steps would wait for each
 * other in the core's queues, which are short where two threads share them. */
INLINE void FN(exp2_each)(V *t, size_t count, const FN(Exp2) *of) {
  V n[4], q[4];
  UNROLL for (size_t i = 0; i < count; i++) t[i] = t[i] < of->lowest ? of->lowest : t[i]; /* NaN stays */
  UNROLL for (size_t i = 0; i < count; i++) n[i] = t[i] - of->half;
  UNROLL for (size_t i = 0; i < count; i++) n[i] = n[i] + of->round;
  UNROLL for (size_t i = 0; i < count; i++) t[i] = t[i] - (n[i] - of->round);
  UNROLL for (size_t i = 0; i < count; i++) q[i] = FN(multiply_add)(of->terms[0], t[i], of->terms[1]);
  UNROLL for (size_t k = 2; k < sizeof of->terms / sizeof of->terms[0]; k++) {
    UNROLL for (size_t i = 0; i < count; i++) q[i] = FN(multiply_add)(q[i], t[i], of->terms[k]);
  }
  UNROLL for (size_t i = 0; i < count; i++) n[i] = (V)((FN(bits))n[i] << EXPONENT_SHIFT);
  UNROLL for (size_t i = 0; i < count; i++) q[i] = FN(multiply_add)(q[i], t[i], of->unit);
  UNROLL for (size_t i = 0; i < count; i++) t[i] = q[i] * n[i];
}

INLINE V FN(exp2_below)(V t, const FN(Exp2) *of) {
  FN(exp2_each)(&t, 1, of);
  return t;
}
#endif
