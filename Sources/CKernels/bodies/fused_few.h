/* Few rows (decoding): keys are the lanes. Keys are turned into a panel [D][PANEL] in cache, so that a score is the same chain
 * along D as where queries are the lanes. Scores are [rows][FUSED_TILE_KEYS]. */

/* Keys 0 ..< count <= PANEL, and 0 up to PANEL. */
static void FN(pack_keys)(const T *k, size_t ldk, size_t count, size_t head_size, T *panel) {
  for (size_t start = 0; start < PANEL; start += LANES) {
    const size_t rows = start < count ? FN(least)(count - start, LANES) : 0;
    const T *row = k + start * ldk;
    for (size_t d = 0; d < head_size; d += LANES) {
      const size_t left = FN(least)(head_size - d, LANES);
      V square[LANES];
      if (rows == LANES && left == LANES) {
        UNROLL for (size_t i = 0; i < LANES; i++) square[i] = FN(load)(row + i * ldk + d);
      } else {
        for (size_t i = 0; i < LANES; i++) square[i] = i < rows ? FN(load_up_to)(row + i * ldk + d, left, 0) : (V)(T)0;
      }
      FN(transpose)(square);
      if (left == LANES) {
        UNROLL for (size_t i = 0; i < LANES; i++) FN(store)(panel + (d + i) * PANEL + start, square[i]);
      } else {
        for (size_t i = 0; i < left; i++) FN(store)(panel + (d + i) * PANEL + start, square[i]);
      }
    }
  }
}

INLINE void FN(few_scores_block)(size_t rows, size_t vectors, const T *queries, size_t head_size, const T *panel, T *s) {
  V sum[4][4];
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t w = 0; w < vectors; w++) sum[r][w] = (V)(T)0;
  }
  for (size_t d = 0; d < head_size; d++) {
    V k[4];
    UNROLL for (size_t w = 0; w < vectors; w++) k[w] = FN(load)(panel + d * PANEL + w * LANES);
    UNROLL for (size_t r = 0; r < rows; r++) {
      const V q = (V)queries[d * WIDTH + r];
      UNROLL for (size_t w = 0; w < vectors; w++) sum[r][w] = FN(multiply_add)(k[w], q, sum[r][w]);
    }
  }
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t w = 0; w < vectors; w++) FN(store)(s + r * FUSED_TILE_KEYS + w * LANES, sum[r][w]);
  }
}

static void FN(few_scores_1)(const T *queries, size_t head_size, const T *panel, T *s) {
  FN(few_scores_block)(1, 4, queries, head_size, panel, s);
}
static void FN(few_scores_2)(const T *queries, size_t head_size, const T *panel, T *s) {
  FN(few_scores_block)(2, 4, queries, head_size, panel, s);
}
static void FN(few_scores_4)(const T *queries, size_t head_size, const T *panel, T *s) {
#if REGISTERS == 32
  FN(few_scores_block)(4, 4, queries, head_size, panel, s);
#else
  FN(few_scores_block)(4, 2, queries, head_size, panel, s);
  FN(few_scores_block)(4, 2, queries, head_size, panel + 2 * LANES, s + 2 * LANES);
#endif
}

static void FN(few_scores)(const BLOCK *block, const FN(Ranges) *ranges, const T *k, size_t ldk, size_t count, T *panel,
                           T *s) {
  for (size_t j = ranges->begin / PANEL * PANEL; j < ranges->end; j += PANEL) {
    FN(pack_keys)(k + j * ldk, ldk, FN(least)(count - j, PANEL), block->head_size, panel);
    for (size_t r = 0; r < block->rows;) {
      const size_t left = block->rows - r;
      const size_t rows = left >= 4 ? 4 : left >= 2 ? 2 : 1;
      (rows == 4 ? FN(few_scores_4) : rows == 2 ? FN(few_scores_2) : FN(few_scores_1))(
          block->queries + r, block->head_size, panel, s + r * FUSED_TILE_KEYS + j);
      r += rows;
    }
  }
}

/* Rules, then 2^(s - maximum) in place for keys begin ..< end (whole vectors), 0 where masked. */
static void FN(few_powers)(const BLOCK *block, const RULES *rules, const FN(Ranges) *ranges, size_t count, T *s, T *maximum,
                           T *sum) {
  const size_t begin = ranges->begin / LANES * LANES, end = FN(whole_vectors)(ranges->end);
  for (size_t r = 0; r < block->rows; r++) {
    T *row = s + r * FUSED_TILE_KEYS;
    const size_t first = FN(most)((size_t)ranges->first[r], begin);
    const size_t last = FN(most)((size_t)ranges->last_end[r], first);
    FN(fill)(row + begin, first - begin, NEGATIVE_INFINITY);
    FN(fill)(row + last, FN(most)(end, last) - last, NEGATIVE_INFINITY);
    T top = NEGATIVE_INFINITY;
    if (rules) {
      const FN(RowRules) row_rules = FN(row_rules)(rules, r, count);
      top = FN(apply_rules)(row + row_rules.begin, &row_rules);
    } else {
      top = FN(row_maximum)(row + first, last - first);
    }
    if (block->natural) {
      for (size_t j = begin; j < end; j += LANES) FN(store)(row + j, FN(load)(row + j) * (T)LOG2_E);
      top *= (T)LOG2_E;
    }
    const T shift = FN(shift)(top);
    T total = 0;
    for (size_t j = begin; j < end; j += LANES) {
      const V e = FN(exp2_below)(FN(load)(row + j) - shift);
      FN(store)(row + j, e);
      total += FN(sum_in_pairs)(e);
    }
    maximum[r] = top;
    sum[r] = total;
  }
}

static FN(ValuesBlock) FN(choose_few_values)(size_t rows, size_t vectors) {
  static const FN(ValuesBlock) by_size[3][4] = {
#if REGISTERS == 32
      {FN(few_values_1_1), FN(few_values_1_2), FN(few_values_1_3), FN(few_values_1_4)},
      {FN(few_values_2_1), FN(few_values_2_2), FN(few_values_2_3), FN(few_values_2_4)},
      {FN(few_values_4_1), FN(few_values_4_2), FN(few_values_4_3), FN(few_values_4_4)},
#else
      {FN(few_values_1_1), FN(few_values_1_2)},
      {FN(few_values_2_1), FN(few_values_2_2)},
      {FN(few_values_4_1), FN(few_values_4_2)},
#endif
  };
  return by_size[rows / 2][vectors - 1];
}

static void FN(add_few_values)(const BLOCK *block, const T *p, const T *v, size_t ldv, size_t begin, size_t end, T *acc,
                               bool start) {
  const size_t columns = block->value_head_size, ldacc = FN(padded)(columns);
  for (size_t j = begin; j < end; j += 32) {
    const size_t keys = FN(least)(end - j, 32);
    for (size_t c = 0; c < columns;) {
      const size_t vectors = FN(vectors_at_once)((ldacc - c) / LANES);
      for (size_t r = 0; r < block->rows;) {
        const size_t left = block->rows - r;
        const size_t rows = left >= 4 ? 4 : left >= 2 ? 2 : 1;
        FN(choose_few_values)(rows, vectors)(FN(least)(vectors * LANES, columns - c), p + r * FUSED_TILE_KEYS + j,
                                             v + j * ldv + c, ldv, keys, acc + r * ldacc + c, ldacc, start && j == begin);
        r += rows;
      }
      c += vectors * LANES;
    }
  }
}
