/* Few rows (decoding). For the same bits as many rows have, keys are the lanes, turned in registers as they come: a score is then
 * the same chain along D as where queries are the lanes. Else fused_dots.h has the scores. Scores are [rows][FUSED_TILE_KEYS];
 * fused_few_powers.h and fused_few_values.h have what comes of them. */

/* Rows at a time, at most, that two vectors of keys leave registers for. Two chains a row are 1.1 times as fast for one row and for two
 * as one that waits for itself (AVX2; plain vectors: not measured). With few registers four rows have one each, four together. */
#if REGISTERS == 32
#define ROWS_OF_TWO_CHAINS 4
#else
#define ROWS_OF_TWO_CHAINS 2
#endif

/* Columns to a turn of the loop for four rows: with few registers those of a cache line, 1.03 to 1.09 times as fast from memory at
 * D = 128 (AVX2); fewer rows are slower so. */
#define FOUR_ROWS_TURN (REGISTERS == 32 ? 1 : LINE / COLUMNS)

/* COLUMNS steps along D of all chains, from d, to which k points. */
INLINE void FN(add_columns)(size_t rows, size_t groups, const T *queries, size_t d, const T *k, ptrdiff_t ldk, V sum[4][2]) {
  V column[2][COLUMNS];
  UNROLL for (size_t g = 0; g < groups; g++) {
    const T *part = k + (ptrdiff_t)(g * LANES) * ldk;
    const T *ahead = part + (ptrdiff_t)(KEYS_AHEAD + d / COLUMNS % (LINE / COLUMNS) * (LANES * COLUMNS / LINE)) * ldk;
    UNROLL for (ptrdiff_t i = 0; i < LANES * COLUMNS / (ptrdiff_t)LINE; i++) __builtin_prefetch(ahead + i * ldk, 0, 3);
    FN(load_columns)(part, ldk, column[g]);
  }
  UNROLL for (size_t i = 0; i < COLUMNS; i++) {
    UNROLL for (size_t r = 0; r < rows; r++) {
      const V q = (V)queries[(d + i) * WIDTH + r];
      UNROLL for (size_t g = 0; g < groups; g++) sum[r][g] = FN(multiply_add)(column[g][i], q, sum[r][g]);
    }
  }
}

/* s[r][j] for one vector of keys, or for two. */
INLINE void FN(few_scores_block)(size_t rows, size_t groups, const T *queries, size_t head_size, const T *k, ptrdiff_t ldk,
                                 T *s) {
  const size_t turn = rows == 4 ? FOUR_ROWS_TURN : 1;
  V sum[4][2];
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t g = 0; g < groups; g++) sum[r][g] = (V)(T)0;
  }
  size_t d = 0;
  for (; d + turn * COLUMNS <= head_size; d += turn * COLUMNS, k += turn * COLUMNS) {
    UNROLL for (size_t i = 0; i < turn * COLUMNS; i += COLUMNS) {
      FN(add_columns)(rows, groups, queries, d + i, k + i, ldk, sum);
    }
  }
  for (; turn > 1 && d + COLUMNS <= head_size; d += COLUMNS, k += COLUMNS) {
    FN(add_columns)(rows, groups, queries, d, k, ldk, sum);
  }
  for (; d < head_size; d++, k++) {
    UNROLL for (size_t g = 0; g < groups; g++) {
      V column;
      for (size_t i = 0; i < LANES; i++) column[i] = k[(ptrdiff_t)(g * LANES + i) * ldk];
      UNROLL for (size_t r = 0; r < rows; r++) {
        sum[r][g] = FN(multiply_add)(column, (V)queries[d * WIDTH + r], sum[r][g]);
      }
    }
  }
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t g = 0; g < groups; g++) FN(store)(s + r * FUSED_TILE_KEYS + g * LANES, sum[r][g]);
  }
}

#define FEW_SCORES(ROWS, GROUPS)                                                                                       \
  static void FN(few_scores_##ROWS##_##GROUPS)(const T *queries, size_t head_size, const T *k, ptrdiff_t ldk, T *s) {  \
    FN(few_scores_block)(ROWS, GROUPS, queries, head_size, k, ldk, s);                                                 \
  }

FEW_SCORES(1, 1)
FEW_SCORES(2, 1)
FEW_SCORES(4, 1)
FEW_SCORES(1, 2)
FEW_SCORES(2, 2)
#if ROWS_OF_TWO_CHAINS == 4
FEW_SCORES(4, 2)
#endif

typedef void (*FN(FewScores))(const T *queries, size_t head_size, const T *k, ptrdiff_t ldk, T *s);

/* The largest number of rows that is at most this. */
INLINE size_t FN(rows_at_once)(size_t left) { return left >= 4 ? 4 : left >= 2 ? 2 : 1; }

static FN(FewScores) FN(choose_few_scores)(size_t rows, size_t groups) {
#if ROWS_OF_TWO_CHAINS == 4
  if (groups == 2 && rows == 4) return FN(few_scores_4_2);
#endif
  if (groups == 2) return rows == 2 ? FN(few_scores_2_2) : FN(few_scores_1_2);
  return rows == 4 ? FN(few_scores_4_1) : rows == 2 ? FN(few_scores_2_1) : FN(few_scores_1_1);
}

static void FN(few_scores)(const BLOCK *block, const FN(Ranges) *ranges, const T *k, size_t ldk, const T *v, size_t ldv,
                           size_t count, T *copy, T *s) {
  const bool dots = FN(takes_dots)(block);
  for (size_t j = ranges->begin / LANES * LANES; j < ranges->end;) {
    const T *keys = k + j * ldk;
    size_t ld = ldk, whole = (FN(least)(FN(whole_vectors)(ranges->end), count) - j) / LANES * LANES;
    if (whole == 0) { /* the rest of the tile's keys, as many as a vector's lanes */
      for (size_t i = 0; i < LANES; i++) {
        T *row = copy + i * block->head_size;
        for (size_t d = 0; d < block->head_size; d++) row[d] = j + i < count ? keys[i * ldk + d] : 0;
      }
      keys = copy;
      ld = block->head_size;
      whole = LANES;
    }
    if (dots) {
      const size_t size = block->value_head_size;
      const size_t value_size = FUSED_TILE_KEYS * size * sizeof(T) <= FETCHED_VALUES ? size : 0;
      const FN(DotsTile) tile = {keys, (ptrdiff_t)ld, v + j * ldv, (ptrdiff_t)ldv, value_size};
      FN(dots)(block, &tile, whole, s + j);
      j += whole;
      continue;
    }
    const size_t groups = 2 * LANES <= whole && FN(rows_at_once)(block->rows) <= ROWS_OF_TWO_CHAINS ? 2 : 1;
    for (size_t r = 0; r < block->rows;) {
      const size_t rows = FN(rows_at_once)(block->rows - r);
      FN(choose_few_scores)(rows, groups)(block->queries + r, block->head_size, keys, (ptrdiff_t)ld,
                                          s + r * FUSED_TILE_KEYS + j);
      r += rows;
    }
    j += groups * LANES;
  }
}
