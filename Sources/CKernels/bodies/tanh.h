/* tanh x = (e^2x - 1) / (e^2x + 1) = t / (t + 2) for t = e^2|x| - 1, which keeps its relative accuracy near 0. */

INLINE V FN(tanh_anywhere)(V x) {
  V twice = __builtin_elementwise_abs(x) * 2;
  twice = twice > (T)TANH_HIGHEST ? (V)(T)TANH_HIGHEST : twice; /* NaN stays */
  V rounded, n;
  V r = FN(reduce)(twice, &rounded, &n);
  V power = FN(scale)((V)(T)1, rounded, n);
  V t = FN(multiply_add)(FN(exp_slope)(r) * r, power, power - 1);
  return __builtin_elementwise_copysign(t / (t + 2), x);
}

INLINE V FN(softcapped)(V s, T c) { return FN(tanh_anywhere)(s / c) * c; }
