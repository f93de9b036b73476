/* Distances in units of the last place. */

static T FN(of_bits)(BITS bits) {
  T x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* How far value is from exact, in units of the last place of a T near exact, subnormals included; 0 where both are the same
 * infinity or both NaN, infinite where only one is. */
static double FN(ulps)(T value, WIDE exact) {
  if (isnan(exact) || isnan(value)) return isnan(exact) && isnan(value) ? 0 : INFINITY;
  const T rounded = (T)exact;
  if (isinf(rounded) || isinf(value)) return rounded == value ? 0 : INFINITY;
  const int exponent = rounded == 0 ? -100000 : ilogb((double)rounded);
  const int smallest = ilogb((double)SMALLEST_NORMAL);
  const WIDE unit = (WIDE)ldexp(1, (exponent < smallest ? smallest : exponent) - (DIGITS - 1));
  return (double)(WIDE_ABS((WIDE)value - exact) / unit);
}
