/* LANES vectors as a square matrix, turned. Zipping row i with row i + LANES/2 moves the top bit of the row's number to
 * the bottom of the column's: after log2(LANES) times the two have changed places. */

#if LANES == 16
#define EVEN_LANES 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD_LANES 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define LOW_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif LANES == 8
#define EVEN_LANES 0, 2, 4, 6, 8, 10, 12, 14
#define ODD_LANES 1, 3, 5, 7, 9, 11, 13, 15
#define LOW_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#elif LANES == 4
#define EVEN_LANES 0, 2, 4, 6
#define ODD_LANES 1, 3, 5, 7
#define LOW_HALVES 0, 4, 1, 5
#define HIGH_HALVES 2, 6, 3, 7
#else
#define EVEN_LANES 0, 2
#define ODD_LANES 1, 3
#define LOW_HALVES 0, 2
#define HIGH_HALVES 1, 3
#endif

#define TURN(ROW, rows)                                                                   \
  UNROLL for (size_t stage = 1; stage < LANES; stage *= 2) {                              \
    ROW next[LANES];                                                                      \
    UNROLL for (size_t i = 0; i < LANES / 2; i++) {                                       \
      next[2 * i] = __builtin_shufflevector(rows[i], rows[i + LANES / 2], LOW_HALVES);    \
      next[2 * i + 1] = __builtin_shufflevector(rows[i], rows[i + LANES / 2], HIGH_HALVES); \
    }                                                                                     \
    UNROLL for (size_t i = 0; i < LANES; i++) rows[i] = next[i];                          \
  }

INLINE void FN(transpose)(V rows[LANES]) { TURN(V, rows) }
INLINE void FN(transpose_bytes)(FN(bytes) rows[LANES]) { TURN(FN(bytes), rows) }

#if !NATIVE_HALF_SUMS
/* A step of sums_of_lanes for two of its vectors. */
INLINE V FN(half_sums)(V x, V y, size_t half) {
  (void)half;
  return __builtin_shufflevector(x, y, LOW_HALVES) + __builtin_shufflevector(x, y, HIGH_HALVES);
}
#endif

/* Lane i: the sum of all lanes of x[i], added in halves: lane l and lane l + LANES/2 first. */
INLINE V FN(sums_of_lanes)(V x[LANES]) {
  UNROLL for (size_t half = LANES / 2; half > 0; half /= 2) {
    UNROLL for (size_t i = 0; i < half; i++) x[i] = FN(half_sums)(x[i], x[i + half], half);
  }
  return x[0];
}

/* The sums of neighbours, those of x before those of y. */
INLINE V FN(pair_sums)(V x, V y) {
  return __builtin_shufflevector(x, y, EVEN_LANES) + __builtin_shufflevector(x, y, ODD_LANES);
}

/* ((x0 + x1) + (x2 + x3)) + ... of the lanes. */
INLINE T FN(sum_in_pairs)(V x) {
  UNROLL for (size_t count = LANES; count > 1; count /= 2) x = FN(pair_sums)(x, x);
  return x[0];
}

/* The same of four vectors, to the bit. */
INLINE void FN(four_sums_in_pairs)(const V x[4], T sums[4]) {
  V low = FN(pair_sums)(x[0], x[1]), high = FN(pair_sums)(x[2], x[3]);
#if LANES == 2
  FN(store)(sums, low);
  FN(store)(sums + 2, high);
#else
  low = FN(pair_sums)(low, high);
  UNROLL for (size_t count = LANES / 4; count > 1; count /= 2) low = FN(pair_sums)(low, low);
  UNROLL for (size_t i = 0; i < 4; i++) sums[i] = low[i];
#endif
}

#undef TURN
#undef EVEN_LANES
#undef ODD_LANES
#undef LOW_HALVES
#undef HIGH_HALVES

#undef COLUMNS
#if NATIVE_COLUMNS
#define COLUMNS NATIVE_COLUMNS
#else
#define COLUMNS LANES
/* COLUMNS columns of LANES rows: column[i] holds element i of each row. */
INLINE void FN(load_columns)(const T *p, ptrdiff_t ld, V column[COLUMNS]) {
  UNROLL for (ptrdiff_t i = 0; i < LANES; i++) column[i] = FN(load)(p + i * ld);
  FN(transpose)(column);
}
#endif
