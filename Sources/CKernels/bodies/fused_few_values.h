/* Sums of values for few rows: acc[r][:] += sum over j of p[r][j]*v[j][:], a chain in the order of the keys for each element, as
 * fused_values.h has it. Values are read as nearly in their order as registers allow; what comes after them is fetched in the
 * order of memory, which the core's own prefetching follows. */

/* Bytes of values that are read for all of Dv at a time, while the same number after them is fetched. AVX2: 16 KiB are 1.01 to 1.04
 * times as fast as 8 KiB, as sums are loaded and stored less often, though both fill a first level of 32 KiB; 32 KiB are slower from
 * the last level. Others: not measured. */
#if VECTOR_BYTES == 32
#define VALUES_BYTES 16384
#else
#define VALUES_BYTES 8192
#endif

/* Where the fetching goes on: from here, a step further for each key. The first rows of a block do it for all. */
typedef struct FN(ValuesAhead) {
  const T *base;
  ptrdiff_t step;
} FN(ValuesAhead);

INLINE void FN(few_values_block)(size_t rows, size_t vectors, size_t columns, const T *p, const T *v, size_t ldv, size_t count,
                                 FN(ValuesAhead) ahead, T *acc, size_t ldacc, bool start) {
  V sum[4][8];
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t c = 0; c < vectors; c++) sum[r][c] = start ? (V)(T)0 : FN(load)(acc + r * ldacc + c * LANES);
  }
  for (size_t j = 0; j < count; j++, v += ldv, p++, ahead.base += ahead.step) {
    UNROLL for (size_t c = 0; c < vectors * LANES; c += LINE) __builtin_prefetch(ahead.base + c, 0, 3);
    V weight[4];
    UNROLL for (size_t r = 0; r < rows; r++) weight[r] = (V)p[r * FUSED_TILE_KEYS];
    UNROLL for (size_t c = 0; c < vectors; c++) {
      const bool is_last = c + 1 == vectors;
      const V x = is_last && columns < vectors * LANES ? FN(load_part)(v + c * LANES, columns - c * LANES, 0)
                                                       : FN(load)(v + c * LANES);
      UNROLL for (size_t r = 0; r < rows; r++) sum[r][c] = FN(multiply_add)(weight[r], x, sum[r][c]);
    }
  }
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t c = 0; c < vectors; c++) FN(store)(acc + r * ldacc + c * LANES, sum[r][c]);
  }
}

typedef void (*FN(FewValuesBlock))(size_t columns, const T *p, const T *v, size_t ldv, size_t count, FN(ValuesAhead) ahead,
                                   T *acc, size_t ldacc, bool start);

/* Whole vectors and others apart, so that neither asks in its loop. */
#define FEW_VALUES_BLOCK(ROWS, VECTORS)                                                                                   \
  static void FN(few_values_##ROWS##_##VECTORS)(size_t columns, const T *p, const T *v, size_t ldv, size_t count,        \
                                                FN(ValuesAhead) ahead, T *acc, size_t ldacc, bool start) {               \
    if (columns == VECTORS * LANES) {                                                                                     \
      FN(few_values_block)(ROWS, VECTORS, VECTORS * LANES, p, v, ldv, count, ahead, acc, ldacc, start);                   \
    } else {                                                                                                              \
      FN(few_values_block)(ROWS, VECTORS, columns, p, v, ldv, count, ahead, acc, ldacc, start);                           \
    }                                                                                                                     \
  }

FEW_VALUES_BLOCK(1, 1)
FEW_VALUES_BLOCK(1, 2)
FEW_VALUES_BLOCK(1, 4)
FEW_VALUES_BLOCK(1, 8)
FEW_VALUES_BLOCK(2, 1)
FEW_VALUES_BLOCK(2, 2)
FEW_VALUES_BLOCK(2, 4)
FEW_VALUES_BLOCK(4, 1)
FEW_VALUES_BLOCK(4, 2)
#if REGISTERS == 32
FEW_VALUES_BLOCK(4, 4)
#endif

/* The kernel of the most vectors that there are registers for with so many rows, and that `left` leaves. */
static FN(FewValuesBlock) FN(choose_few_values)(size_t rows, size_t left, size_t *vectors) {
  if (rows == 1 && left >= 8) return *vectors = 8, FN(few_values_1_8);
#if REGISTERS == 32
  if (rows == 4 && left >= 4) return *vectors = 4, FN(few_values_4_4);
#endif
  if (rows < 4 && left >= 4) return *vectors = 4, rows == 1 ? FN(few_values_1_4) : FN(few_values_2_4);
  if (left >= 2) {
    *vectors = 2;
    return rows == 1 ? FN(few_values_1_2) : rows == 2 ? FN(few_values_2_2) : FN(few_values_4_2);
  }
  *vectors = 1;
  return rows == 1 ? FN(few_values_1_1) : rows == 2 ? FN(few_values_2_1) : FN(few_values_4_1);
}

/* What is fetched beside the values of `keys` keys in columns c and further, `width` of them. */
INLINE FN(ValuesAhead) FN(values_ahead)(const BLOCK *block, const T *values, size_t ldv, size_t keys, size_t c, size_t width) {
  const size_t columns = block->value_head_size;
  const ptrdiff_t ld = (ptrdiff_t)ldv;
  /* One row reads whole values one after the other: a stream (AVX2: 1.02 times as fast, at D = 32 1.06). */
  if (VECTOR_BYTES == 32 && block->rows == 1 && width >= columns) {
    return (FN(ValuesAhead)){values + FN(stream_ahead)(0, ld, columns), ld};
  }
  /* The lines after these values, if there is no gap between rows; else of the next rows these columns. */
  if (ldv == columns) return (FN(ValuesAhead)){values + keys * ldv + c * keys, (ptrdiff_t)width};
  return (FN(ValuesAhead)){values + keys * ldv + c, ld};
}

/* Adds what keys begin ..< end give to the sums of all rows; p is [rows][FUSED_TILE_KEYS]. */
static void FN(add_few_values)(const BLOCK *block, const T *p, const T *v, size_t ldv, size_t begin, size_t end, T *acc,
                               bool start) {
  const size_t columns = block->value_head_size, ldacc = FN(padded)(columns);
  const size_t most = FN(most)(VALUES_BYTES / (FN(most)(columns, 1) * sizeof(T)), 8);
  for (size_t j = begin; j < end; j += most) {
    const size_t keys = FN(least)(end - j, most);
    const T *values = v + j * ldv;
    for (size_t r = 0, rows; r < block->rows; r += rows) {
      rows = FN(rows_at_once)(block->rows - r);
      for (size_t c = 0, vectors; c < columns; c += vectors * LANES) {
        const FN(FewValuesBlock) add = FN(choose_few_values)(rows, (ldacc - c) / LANES, &vectors);
        const FN(ValuesAhead) ahead = r > 0 ? (FN(ValuesAhead)){values + c, (ptrdiff_t)ldv}
                                            : FN(values_ahead)(block, values, ldv, keys, c, vectors * LANES);
        add(FN(least)(vectors * LANES, columns - c), p + r * FUSED_TILE_KEYS + j, values + c, ldv, keys, ahead,
            acc + r * ldacc + c, ldacc, start && j == begin);
      }
    }
  }
}
