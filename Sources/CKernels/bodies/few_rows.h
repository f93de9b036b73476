/* Products of few rows with a matrix whose rows are read where they lie, from memory once for all of them: to pack it, as BLAS
 * does, costs more than it saves. A result is one chain of multiply-adds in each lane along the row, then the lanes in pairs,
 * whatever rows and features are beside it. */

/* Elements of a cache line. */
#define ROW_LINE ((size_t)(64 / sizeof(T)))

/* What is in registers at a time: FEATURES rows of w by so many of x at most. The features are as far apart as makes each of them a
 * stream through its own part of w: from memory 1.6 to 1.8 times as fast as four neighbours, whose streams end after a row each,
 * 1.1 to 1.25 times from the last level (AVX2; 1 and 3 rows, w of 768 x 768 to 3072 x 768). Twice as many gain nothing. */
#define FEATURES 4
#if REGISTERS == 32
#define MOST_FEW_ROWS 6
#else
#define MOST_FEW_ROWS 3
#endif

/* As measured against OpenBLAS 0.3.21 in the same vectors, w of 384 x 384 to 2304 x 768 and 768 x 3072 (AVX-512, AVX2; Float,
 * Double): 1 to 3.5 times as fast at 1 row, 2 to 6 times at 3 to 6, 1 to 1.5 times at 32, less from 48 on. Vectors of 16 bytes are
 * bound by multiply-adds at 6 rows, where packing no longer matters. */
#if VECTOR_BYTES >= 32
#define WORTHWHILE_FEW_ROWS 32
#else
#define WORTHWHILE_FEW_ROWS 6
#endif

/* A product's operands from some row and feature on. */
typedef struct FN(FewRows) {
  size_t size;
  T alpha, beta;
  const T *x;
  size_t ldx;
  const T *w;
  size_t ldw;
  const T *addend;
  size_t ldadd;
  T *y;
  size_t ldy;
  size_t apart; /* from one feature of a tile to the next */
} FN(FewRows);

INLINE void FN(few_rows_step)(size_t rows, size_t features, const FN(FewRows) *p, size_t i, size_t count,
                              V sum[MOST_FEW_ROWS][FEATURES]) {
  V x[MOST_FEW_ROWS];
  UNROLL for (size_t r = 0; r < rows; r++) x[r] = FN(load_up_to)(p->x + r * p->ldx + i, count, 0);
  UNROLL for (size_t f = 0; f < features; f++) {
    const V w = FN(load_up_to)(p->w + f * p->apart * p->ldw + i, count, 0);
    UNROLL for (size_t r = 0; r < rows; r++) sum[r][f] = FN(multiply_add)(x[r], w, sum[r][f]);
  }
}

/* y = alpha*x*w^T + beta*addend for `rows` rows of x and `features` of w. */
INLINE void FN(few_rows_tile)(size_t rows, size_t features, const FN(FewRows) *operands) {
  const FN(FewRows) p = *operands;
  const ptrdiff_t ahead = FN(stream_ahead)(2048, (ptrdiff_t)p.ldw, p.size);
  V sum[MOST_FEW_ROWS][FEATURES];
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t f = 0; f < features; f++) sum[r][f] = (V)(T)0;
  }
  size_t i = 0;
  for (; i + ROW_LINE <= p.size; i += ROW_LINE) {
    UNROLL for (size_t f = 0; f < features; f++) __builtin_prefetch(p.w + f * p.apart * p.ldw + i + ahead, 0, 3);
    UNROLL for (size_t part = 0; part < ROW_LINE; part += LANES) FN(few_rows_step)(rows, features, &p, i + part, LANES, sum);
  }
  for (; i + LANES <= p.size; i += LANES) FN(few_rows_step)(rows, features, &p, i, LANES, sum);
  if (i < p.size) FN(few_rows_step)(rows, features, &p, i, p.size - i, sum);
  UNROLL for (size_t r = 0; r < rows; r++) {
    T product[FEATURES];
    if (features == FEATURES) {
      FN(four_sums_in_pairs)(sum[r], product);
    } else {
      UNROLL for (size_t f = 0; f < features; f++) product[f] = FN(sum_in_pairs)(sum[r][f]);
    }
    UNROLL for (size_t f = 0; f < features; f++) {
      const size_t feature = f * p.apart;
      T *y = p.y + r * p.ldy + feature;
      *y = p.addend ? p.alpha * product[f] + p.beta * p.addend[r * p.ldadd + feature] : p.alpha * product[f];
    }
  }
}

typedef void (*FN(FewRowsTile))(const FN(FewRows) *p);

#define FEW_ROWS_TILE(ROWS)                                                                                  \
  static void FN(few_rows_tile_##ROWS)(const FN(FewRows) *p) { FN(few_rows_tile)(ROWS, FEATURES, p); }       \
  static void FN(few_rows_rest_##ROWS)(const FN(FewRows) *p) { FN(few_rows_tile)(ROWS, 1, p); }

FEW_ROWS_TILE(1)
FEW_ROWS_TILE(2)
FEW_ROWS_TILE(3)
#if REGISTERS == 32
FEW_ROWS_TILE(4)
FEW_ROWS_TILE(5)
FEW_ROWS_TILE(6)
#endif

static void FN(few_rows)(size_t rows, size_t features, size_t size, T alpha, const T *x, size_t ldx, const T *w, size_t ldw,
                         T beta, const T *addend, size_t ldadd, T *y, size_t ldy) {
  static const FN(FewRowsTile) tiles[2][MOST_FEW_ROWS] = {
#if REGISTERS == 32
      {FN(few_rows_rest_1), FN(few_rows_rest_2), FN(few_rows_rest_3), FN(few_rows_rest_4), FN(few_rows_rest_5),
       FN(few_rows_rest_6)},
      {FN(few_rows_tile_1), FN(few_rows_tile_2), FN(few_rows_tile_3), FN(few_rows_tile_4), FN(few_rows_tile_5),
       FN(few_rows_tile_6)},
#else
      {FN(few_rows_rest_1), FN(few_rows_rest_2), FN(few_rows_rest_3)},
      {FN(few_rows_tile_1), FN(few_rows_tile_2), FN(few_rows_tile_3)},
#endif
  };
  /* As few blocks of rows as registers allow, of nearly the same height. */
  const size_t blocks = (rows + MOST_FEW_ROWS - 1) / MOST_FEW_ROWS;
  const size_t apart = features / FEATURES;
  for (size_t f = 0; f < features;) {
    const bool whole = f < apart;
    for (size_t block = 0; block < blocks; block++) {
      const size_t r = block * rows / blocks, count = (block + 1) * rows / blocks - r;
      const FN(FewRows) p = {
          size,   alpha, beta, x + r * ldx, ldx, w + f * ldw, ldw, addend ? addend + r * ldadd + f : NULL,
          ldadd, y + r * ldy + f, ldy, apart};
      tiles[whole][count - 1](&p);
    }
    f++;
    if (f == apart) f = apart * FEATURES; /* the rest, one by one */
  }
}

#undef ROW_LINE
#undef FEATURES
#undef MOST_FEW_ROWS
#undef FEW_ROWS_TILE
