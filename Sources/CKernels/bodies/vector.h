/* Vectors of LANES elements of T, and what the bodies need of them. A set that does better than these says so by NATIVE_PARTS,
 * NATIVE_LANES, NATIVE_SCALE, NATIVE_HALVES, NATIVE_HALF_SUMS, NATIVE_EXP2 or NATIVE_COLUMNS (how many) and brings its own functions of the same names (../vectors). */

typedef T FN(vector) __attribute__((ext_vector_type(LANES)));
typedef T FN(unaligned) __attribute__((ext_vector_type(LANES), aligned(sizeof(T))));
typedef INT FN(lanes) __attribute__((ext_vector_type(LANES)));
typedef INT FN(unaligned_lanes) __attribute__((ext_vector_type(LANES), aligned(sizeof(T))));
typedef UINT FN(bits) __attribute__((ext_vector_type(LANES)));
typedef uint8_t FN(bytes) __attribute__((ext_vector_type(LANES)));
typedef uint8_t FN(unaligned_bytes) __attribute__((ext_vector_type(LANES), aligned(1)));

#define V FN(vector)
#define NEGATIVE_INFINITY ((T)-__builtin_inf())

INLINE V FN(load)(const T *p) { return *(const FN(unaligned) *)p; }
INLINE void FN(store)(T *p, V v) { *(FN(unaligned) *)p = v; }

INLINE V FN(multiply_add)(V a, V b, V c) {
#if HAS_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

/* The second argument where either is NaN. */
INLINE V FN(greater)(V a, V b) { return a > b ? a : b; }

#if !NATIVE_PARTS
/* The first count < LANES elements from p, then fill. */
INLINE V FN(load_part)(const T *p, size_t count, T fill) {
  V v = (V)fill;
  __builtin_memcpy(&v, p, count * sizeof(T));
  return v;
}

INLINE void FN(store_part)(T *p, size_t count, V v) { __builtin_memcpy(p, &v, count * sizeof(T)); }
#endif

INLINE V FN(load_up_to)(const T *p, size_t count, T fill) {
  return count >= LANES ? FN(load)(p) : FN(load_part)(p, count, fill);
}

INLINE void FN(store_up_to)(T *p, size_t count, V v) {
  if (count >= LANES) {
    FN(store)(p, v);
  } else {
    FN(store_part)(p, count, v);
  }
}

/* Lane by lane, whether a byte is not 0. Widened first: what a comparison of bytes gives is char, which has no sign on Arm. */
INLINE FN(lanes) FN(nonzero)(FN(bytes) bytes) { return __builtin_convertvector(bytes, FN(lanes)) != 0; }

/* Lane by lane, whether the byte there is not 0; lanes from count on are false. */
INLINE FN(lanes) FN(nonzero_bytes)(const uint8_t *p, size_t count) {
  FN(bytes) bytes = 0;
  if (count >= LANES) {
    bytes = *(const FN(unaligned_bytes) *)p;
  } else {
    __builtin_memcpy(&bytes, p, count);
  }
  return FN(nonzero)(bytes);
}

#if !NATIVE_LANES
INLINE T FN(sum_of_lanes)(V v) {
  T lane[LANES];
  __builtin_memcpy(lane, &v, sizeof v);
  for (size_t width = LANES / 2; width > 0; width /= 2) {
    for (size_t i = 0; i < width; i++) lane[i] += lane[i + width];
  }
  return lane[0];
}

INLINE T FN(maximum_of_lanes)(V v) {
  T lane[LANES];
  __builtin_memcpy(lane, &v, sizeof v);
  for (size_t width = LANES / 2; width > 0; width /= 2) {
    for (size_t i = 0; i < width; i++) lane[i] = lane[i] > lane[i + width] ? lane[i] : lane[i + width];
  }
  return lane[0];
}
#endif

#if !NATIVE_SCALE
/* v * 2^n, where rounded = n + ROUND_TO_INTEGER. In two factors, since 2^n alone may be no normal number; v*first is
 * exact, so a subnormal result is rounded once. */
INLINE V FN(scale)(V v, V rounded, V n) {
  (void)n;
  FN(bits) both = (FN(bits))rounded;
  FN(bits) half = both >> 1;
  FN(bits) first = half << EXPONENT_SHIFT;
  FN(bits) second = (both - half) << EXPONENT_SHIFT;
  return v * (V)first * (V)second;
}
#endif
