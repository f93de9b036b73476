/* Sums of values: acc[r][:] += sum over j of p[r][j]*v[j][:], a chain in the order of the keys for each element.
 *
 * Values are read as they lie. The registers hold rows x vectors sums; for each key, `vectors` loads and `rows` broadcasts feed
 * rows*vectors multiply-adds. p is [keys][WIDTH]. */

/* One key's addend to all sums, from its value's vectors. */
INLINE void FN(add_value)(size_t rows, size_t vectors, const T *p, const V x[4], V sum[12][4]) {
  UNROLL for (size_t r = 0; r < rows; r++) {
    const V weight = (V)p[r];
    UNROLL for (size_t c = 0; c < vectors; c++) sum[r][c] = FN(multiply_add)(weight, x[c], sum[r][c]);
  }
}

/* Of whole vectors. */
INLINE void FN(add_whole_value)(size_t rows, size_t vectors, const T *p, const T *v, V sum[12][4]) {
  V x[4];
  UNROLL for (size_t c = 0; c < vectors; c++) x[c] = FN(load)(v + c * LANES);
  FN(add_value)(rows, vectors, p, x, sum);
}

INLINE void FN(values_block)(size_t rows, size_t vectors, size_t columns, const T *p, const T *v,
                             size_t ldv, size_t count, T *acc, size_t ldacc, bool start) {
  V sum[12][4];
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t c = 0; c < vectors; c++) sum[r][c] = start ? (V)(T)0 : FN(load)(acc + r * ldacc + c * LANES);
  }
  if (columns == vectors * LANES) {
    size_t j = 0;
    for (; STEPS > 1 && j + STEPS <= count; j += STEPS) {
      UNROLL for (size_t i = 0; i < STEPS; i++) {
        FN(add_whole_value)(rows, vectors, p + (j + i) * WIDTH, v + (j + i) * ldv, sum);
      }
    }
    for (; j < count; j++) FN(add_whole_value)(rows, vectors, p + j * WIDTH, v + j * ldv, sum);
  } else {
    for (size_t j = 0; j < count; j++) {
      V x[4];
      UNROLL for (size_t c = 0; c + 1 < vectors; c++) x[c] = FN(load)(v + j * ldv + c * LANES);
      x[vectors - 1] = FN(load_part)(v + j * ldv + (vectors - 1) * LANES, columns - (vectors - 1) * LANES, 0);
      FN(add_value)(rows, vectors, p + j * WIDTH, x, sum);
    }
  }
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t c = 0; c < vectors; c++) FN(store)(acc + r * ldacc + c * LANES, sum[r][c]);
  }
}

typedef void (*FN(ValuesBlock))(size_t columns, const T *p, const T *v, size_t ldv, size_t count, T *acc, size_t ldacc,
                                bool start);

#define VALUES_BLOCK(ROWS, VECTORS)                                                                                    \
  static void FN(values_##ROWS##_##VECTORS)(size_t columns, const T *p, const T *v, size_t ldv, size_t count, T *acc,  \
                                            size_t ldacc, bool start) {                                                \
    FN(values_block)(ROWS, VECTORS, columns, p, v, ldv, count, acc, ldacc, start);                                     \
  }

/* WIDTH is a multiple of the numbers of rows, and what is left of it after some sixes holds a four. */
VALUES_BLOCK(12, 1)
#if REGISTERS == 32
VALUES_BLOCK(12, 2)
VALUES_BLOCK(8, 3)
VALUES_BLOCK(6, 4)
#else
VALUES_BLOCK(6, 2)
VALUES_BLOCK(4, 2)
#endif

/* How many vectors of Dv to take next, `left` being left. */
INLINE size_t FN(vectors_at_once)(size_t left) {
  if (left == MOST_VALUE_VECTORS + 1 && left > 3) return 3;
  return FN(least)(left, MOST_VALUE_VECTORS);
}

/* The kernel for so many vectors, and the rows that it takes, of which there are `left`. */
static FN(ValuesBlock) FN(choose_values)(size_t vectors, size_t left, size_t *rows) {
  (void)left; /* some sets have one kernel alone for so many vectors */
  switch (vectors) {
    case 1:
      *rows = 12;
      return FN(values_12_1);
#if REGISTERS == 32
    case 2:
      *rows = 12;
      return FN(values_12_2);
    case 3:
      *rows = 8;
      return FN(values_8_3);
    default:
      *rows = 6;
      return FN(values_6_4);
#else
    default:
      /* What is beyond the last row is thrown away: less of it. */
      if (left <= 4) {
        *rows = 4;
        return FN(values_4_2);
      }
      *rows = 6;
      return FN(values_6_2);
#endif
  }
}

/* Adds what keys begin ..< end give to the sums of all rows of the block; p is [end - begin][WIDTH], v begins at key 0. */
static void FN(add_values)(const BLOCK *block, const FN(Ranges) *ranges, bool ranged, const T *p, const T *v, size_t ldv,
                           size_t begin, size_t end, T *acc, bool start) {
  const size_t columns = block->value_head_size, ldacc = FN(padded)(columns);
  for (size_t c = 0; c < columns;) {
    const size_t vectors = FN(vectors_at_once)((ldacc - c) / LANES);
    for (size_t r = 0, rows_at_once; r < block->rows; r += rows_at_once) {
      const FN(ValuesBlock) add = FN(choose_values)(vectors, block->rows - r, &rows_at_once);
      size_t low = begin, high = end;
      if (ranged) {
        low = end;
        high = begin;
        for (size_t i = r; i < FN(least)(r + rows_at_once, block->rows); i++) {
          if (ranges->first[i] >= ranges->last_end[i]) continue;
          low = FN(least)(low, (size_t)ranges->first[i]);
          high = FN(most)(high, (size_t)ranges->last_end[i]);
        }
        low = FN(most)(low, begin);
        high = FN(least)(high, end);
        if (low >= high) {
          if (!start) continue;
          low = high = begin;
        }
      }
      add(FN(least)(vectors * LANES, columns - c), p + (low - begin) * WIDTH + r, v + low * ldv + c, ldv, high - low,
          acc + r * ldacc + c, ldacc, start);
    }
    c += vectors * LANES;
  }
}

/* The same for values that may be NaN or infinite where a row does not attend them: those are passed over. */
static void FN(add_attended_values)(const BLOCK *block, const RULES *rules, const FN(Ranges) *ranges, const T *p,
                                    size_t row_stride, size_t key_stride, const T *v, size_t ldv, size_t begin, size_t end,
                                    T *acc, bool start) {
  const size_t columns = block->value_head_size, ldacc = FN(padded)(columns);
  for (size_t r = 0; r < block->rows; r++) {
    T *sum = acc + r * ldacc;
    if (start) FN(fill)(sum, ldacc, 0);
    for (size_t j = begin; j < end; j++) {
      if (!FN(attends)(rules, ranges, r, j)) continue;
      const V weight = (V)p[r * row_stride + (j - begin) * key_stride];
      for (size_t c = 0; c < columns; c += LANES) {
        const V x = FN(load_up_to)(v + j * ldv + c, columns - c, 0);
        FN(store)(sum + c, FN(multiply_add)(weight, x, FN(load)(sum + c)));
      }
    }
  }
}
