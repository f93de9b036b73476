/* Scores of few rows (decoding) where they need not have the bits of many: the lanes are places along D, and keys are used as
 * they lie. A score is LANES chains of multiply-adds along D, added in halves. Queries are [rows][D], rows filled up with 0 to
 * whole vectors. */

/* Rows at a time, at most: with as many keys as make LANES sums of them, which end as the lanes of one vector. */
#undef DOT_ROWS
#if LANES > 4
#define DOT_ROWS 4
#else
#define DOT_ROWS LANES
#endif

/* Elements of a row of queries. */
INLINE size_t FN(dots_ldq)(size_t head_size) { return FN(whole_vectors)(head_size); }

INLINE void FN(add_products)(size_t rows, const T *queries, size_t ldq, const V *x, V *sum) {
  const size_t keys = LANES / rows;
  UNROLL for (size_t r = 0; r < rows; r++) {
    const V q = FN(load)(queries + r * ldq);
    UNROLL for (size_t i = 0; i < keys; i++) sum[r * keys + i] = FN(multiply_add)(x[i], q, sum[r * keys + i]);
  }
}

/* Keys, and what goes with them: their values, which are read when the tile's scores are there. */
typedef struct FN(DotsTile) {
  const T *k;
  ptrdiff_t ldk;
  const T *v;
  ptrdiff_t ldv;
  size_t value_size; /* elements of a value that are fetched */
} FN(DotsTile);

/* Whether values are fetched, to the second level, while their keys are read, by the first rows of a block. With as many rows as keep
 * the core busy memory has time for it (AVX2: decoding from memory 1.08 times as fast with four rows, from the last level as before);
 * with two rows it is 1.07 from memory and 0.87 from the last level. Not measured in other vectors. */
#define FETCHES_VALUES(ROWS) ((ROWS) == 4 && VECTOR_BYTES == 32)
/* Bytes of a tile's values, at most, that the second level keeps beside the keys. */
#define FETCHED_VALUES (FUSED_TILE_KEYS * 512)

/* s[r][0 ..< count] for all rows, LANES / rows keys at a time: `side` neighbours from each of several streams through the tile, which
 * come faster from where the core has to wait. */
INLINE void FN(dots_streams)(size_t rows, size_t side, const T *queries, size_t head_size, const FN(DotsTile) *tile, size_t count,
                             T *s) {
  const size_t keys = LANES / rows, streams = keys / side, apart = count / streams, ldq = FN(dots_ldq)(head_size);
  const T *k = tile->k, *v = tile->v;
  const ptrdiff_t ldk = tile->ldk, ldv = tile->ldv, ahead = FN(stream_ahead)(4096 / streams, ldk, head_size);
  for (size_t j = 0; j < apart; j += side, k += (ptrdiff_t)side * ldk, v += (ptrdiff_t)side * ldv, s += side) {
    const T *row[LANES];
    V sum[LANES], x[LANES];
    UNROLL for (size_t i = 0; i < keys; i++) row[i] = k + (ptrdiff_t)(i / side * apart + i % side) * ldk;
    UNROLL for (size_t i = 0; i < LANES; i++) sum[i] = (V)(T)0;
    size_t d = 0;
    for (; d + LANES <= head_size; d += LANES) {
      UNROLL for (size_t i = 0; i < keys; i++) {
        if (d % LINE == 0) {
          __builtin_prefetch(row[i] + d + ahead, 0, 3);
          if (FETCHES_VALUES(rows) && d < tile->value_size) {
            __builtin_prefetch(v + (ptrdiff_t)(i / side * apart + i % side) * ldv + d, 0, 2);
          }
        }
        x[i] = FN(load)(row[i] + d);
      }
      FN(add_products)(rows, queries + d, ldq, x, sum);
    }
    if (d < head_size) {
      UNROLL for (size_t i = 0; i < keys; i++) x[i] = FN(load_part)(row[i] + d, head_size - d, 0);
      FN(add_products)(rows, queries + d, ldq, x, sum);
    }
    const V dots = FN(sums_of_lanes)(sum);
    UNROLL for (size_t r = 0; r < rows; r++) {
      UNROLL for (size_t i = 0; i < keys; i++) {
        s[r * FUSED_TILE_KEYS + i / side * apart + i % side] = dots[r * keys + i];
      }
    }
  }
}

#define DOTS_STREAMS(ROWS, SIDE)                                                                                     \
  static void FN(dots_##ROWS##_##SIDE)(const T *queries, size_t head_size, const FN(DotsTile) *tile, size_t count, T *s) { \
    FN(dots_streams)(ROWS, SIDE, queries, head_size, tile, count, s);                                                \
  }

DOTS_STREAMS(1, 1)
DOTS_STREAMS(2, 1)
#if DOT_ROWS == 4
DOTS_STREAMS(4, 1)
#endif
/* One row of short keys goes through fewer streams: from the last level 1.07 times as fast at D = 64 (AVX2, Float), from memory as
 * before; keys of 512 bytes from memory 0.96. */
#define SHORT_KEY 256
#if VECTOR_BYTES == 32
DOTS_STREAMS(1, 2)
#define SHORT_DOTS FN(dots_1_2)
#else
#define SHORT_DOTS FN(dots_1_1)
#endif

/* s[r][0 ..< count] for all rows of a block; count is a multiple of LANES. */
static void FN(dots)(const BLOCK *block, const FN(DotsTile) *tile, size_t count, T *s) {
  const size_t size = block->head_size;
  FN(DotsTile) keys_alone = *tile;
  keys_alone.value_size = 0;
  for (size_t r = 0; r < block->rows; tile = &keys_alone) { /* values are fetched once */
    const T *queries = block->queries + r * FN(dots_ldq)(size);
    T *out = s + r * FUSED_TILE_KEYS;
    const size_t left = block->rows - r;
    if (left >= 4 && DOT_ROWS == 4) {
#if DOT_ROWS == 4
      FN(dots_4_1)(queries, size, tile, count, out);
#endif
      r += 4;
    } else if (left >= 2) {
      FN(dots_2_1)(queries, size, tile, count, out);
      r += 2;
    } else {
      (size * sizeof(T) <= SHORT_KEY ? SHORT_DOTS : FN(dots_1_1))(queries, size, tile, count, out);
      r++;
    }
  }
}
