/* Products of many rows with a matrix that is used again and again, as a layer's weight is. It is packed once, into panels of as
 * many features as the registers hold sums of (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication",
 * section 4); rows are broadcast as they lie.
 *
 * A sum goes through the row in parts, each a chain of multiply-adds; the parts are added in their order, the addend to the first:
 * the same whatever rows and features are beside it. */

#define PANEL_VECTORS 2
#define PANEL (PANEL_VECTORS * LANES)
/* Rows at a time, at most: with a panel's two vectors and a broadcast their sums fill the registers. */
#if REGISTERS == 32
#define PANEL_ROWS 12
#else
#define PANEL_ROWS 6
#endif
/* Elements of a row in a part: of a panel's, 24 KiB, which stay in the first level of the cache while rows pass. */
#define PART_SIZE ((size_t)(24576 / (PANEL_VECTORS * VECTOR_BYTES)))
/* Rows that stay in the second level while panels pass. */
#define PASSING_ROWS 96
/* Steps along the row to a turn of the loop. */
#define PANEL_STEPS STEPS

/* As measured (AVX2, Float) against OpenBLAS 0.3.21 in the same vectors, which packs both operands each time: 1.02 to 1.11 times as
 * fast from 512 rows on, 1.3 times at 96. Not measured with AVX-512, where the inner loop is that of fused_scores.h: that reached
 * 0.86 to 0.88 of the peak there, OpenBLAS's own products 0.8, and half of that where other kernels are pinned. */
#define PACKS_WEIGHTS (VECTOR_BYTES >= 32)
/* Of a weight with fewer features much of the panels would be filled up. */
#define LEAST_PACKED_FEATURES 64

INLINE size_t FN(panel_parts)(size_t size) { return FN(most)((size + PART_SIZE - 1) / PART_SIZE, 1); }

/* Where a part begins: they are of nearly one size, in whole turns of the loop. */
INLINE size_t FN(panel_part)(size_t size, size_t part) {
  const size_t parts = FN(panel_parts)(size);
  return part == parts ? size : size * part / parts / PANEL_STEPS * PANEL_STEPS;
}

static size_t FN(packed_size)(size_t features, size_t size) { return (features + PANEL - 1) / PANEL * PANEL * size; }

/* Panels [size][PANEL], the last filled up with 0. */
static void FN(pack)(const T *w, size_t ldw, size_t features, size_t size, T *panels) {
  for (size_t first = 0; first < features; first += PANEL, panels += size * PANEL) {
    const size_t count = FN(least)(features - first, PANEL);
    for (size_t d = 0; d < size; d++) {
      for (size_t f = 0; f < PANEL; f++) panels[d * PANEL + f] = f < count ? w[(first + f) * ldw + d] : 0;
    }
  }
}

/* Some rows by a part of a panel. */
typedef struct FN(PanelRows) {
  size_t size;
  const T *x;
  size_t ldx;
  const T *panel;
  const T *next;   /* what is multiplied later, to be fetched: a line for each turn */
  const T *addend; /* NULL: none */
  size_t ldadd;
  T *y;
  size_t ldy;
} FN(PanelRows);

INLINE void FN(panel_step)(size_t rows, const T *const row[PANEL_ROWS], size_t d, const T *panel,
                           V sum[PANEL_ROWS][PANEL_VECTORS]) {
  V w[PANEL_VECTORS];
  UNROLL for (size_t c = 0; c < PANEL_VECTORS; c++) w[c] = FN(load)(panel + c * LANES);
  UNROLL for (size_t r = 0; r < rows; r++) {
    const V x = (V)row[r][d];
    UNROLL for (size_t c = 0; c < PANEL_VECTORS; c++) sum[r][c] = FN(multiply_add)(x, w[c], sum[r][c]);
  }
}

INLINE void FN(panel_rows)(size_t rows, const FN(PanelRows) *operands) {
  const FN(PanelRows) p = *operands;
  const T *row[PANEL_ROWS], *panel = p.panel, *next = p.next;
  V sum[PANEL_ROWS][PANEL_VECTORS];
  UNROLL for (size_t r = 0; r < rows; r++) {
    row[r] = p.x + r * p.ldx;
    /* A register each: else they are added up anew for each element. */
    if (PANEL_ROWS <= 6) OPAQUE(row[r]);
    UNROLL for (size_t c = 0; c < PANEL_VECTORS; c++) sum[r][c] = (V)(T)0;
    UNROLL for (size_t c = 0; c < PANEL; c += LINE) __builtin_prefetch(p.y + r * p.ldy + c, 1, 3);
  }
  size_t d = 0;
  for (; d + PANEL_STEPS <= p.size; d += PANEL_STEPS, panel += PANEL_STEPS * PANEL, next += LINE) {
    __builtin_prefetch(next, 0, 3);
    UNROLL for (size_t i = 0; i < PANEL_STEPS; i++) FN(panel_step)(rows, row, d + i, panel + i * PANEL, sum);
  }
  for (; d < p.size; d++, panel += PANEL) FN(panel_step)(rows, row, d, panel, sum);
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t c = 0; c < PANEL_VECTORS; c++) {
      V y = sum[r][c];
      if (p.addend) y += FN(load)(p.addend + r * p.ldadd + c * LANES);
      FN(store)(p.y + r * p.ldy + c * LANES, y);
    }
  }
}

typedef void (*FN(MultiplyPanel))(const FN(PanelRows) *operands);

#define PANEL_OF_ROWS(ROWS) \
  static void FN(panel_rows_##ROWS)(const FN(PanelRows) *operands) { FN(panel_rows)(ROWS, operands); }

PANEL_OF_ROWS(1)
PANEL_OF_ROWS(2)
PANEL_OF_ROWS(3)
PANEL_OF_ROWS(4)
PANEL_OF_ROWS(5)
PANEL_OF_ROWS(6)
#if PANEL_ROWS == 12
PANEL_OF_ROWS(7)
PANEL_OF_ROWS(8)
PANEL_OF_ROWS(9)
PANEL_OF_ROWS(10)
PANEL_OF_ROWS(11)
PANEL_OF_ROWS(12)
#endif

/* The same for features begin ..< end of the panel alone, y and the addend from `begin` on: computed aside. */
static void FN(panel_rows_aside)(FN(MultiplyPanel) multiply, const FN(PanelRows) *operands, size_t rows, size_t begin,
                                 size_t end) {
  T sums[PANEL_ROWS * PANEL];
  FN(PanelRows) aside = *operands;
  aside.addend = NULL;
  aside.y = sums;
  aside.ldy = PANEL;
  multiply(&aside);
  for (size_t r = 0; r < rows; r++) {
    const T *sum = sums + r * PANEL, *addend = operands->addend ? operands->addend + r * operands->ldadd : NULL;
    for (size_t f = begin; f < end; f++) {
      operands->y[r * operands->ldy + f - begin] = addend ? sum[f] + addend[f - begin] : sum[f];
    }
  }
}

static void FN(packed_product)(size_t rows, size_t first, size_t features, size_t size, const T *x, size_t ldx,
                               const T *panels, const T *bias, T *y, size_t ldy) {
  static const FN(MultiplyPanel) of_rows[] = {
      FN(panel_rows_1), FN(panel_rows_2), FN(panel_rows_3), FN(panel_rows_4),  FN(panel_rows_5),  FN(panel_rows_6),
#if PANEL_ROWS == 12
      FN(panel_rows_7), FN(panel_rows_8), FN(panel_rows_9), FN(panel_rows_10), FN(panel_rows_11), FN(panel_rows_12),
#endif
  };
  /* Tiles of nearly one height, and passes of nearly as many tiles: a last one of few rows would take as long as a whole one. */
  const size_t end = first + features, tiles = (rows + PANEL_ROWS - 1) / PANEL_ROWS;
  const size_t turn_lines = FN(most)(PANEL_STEPS * PANEL / LINE, 1);
  const size_t passes = (tiles * PANEL_ROWS + PASSING_ROWS - 1) / PASSING_ROWS;
  for (size_t pass = 0; pass < passes; pass++) {
    const size_t tile = tiles * pass / passes, last = tiles * (pass + 1) / passes;
    for (size_t part = 0; part < FN(panel_parts)(size); part++) {
      const size_t d = FN(panel_part)(size, part), count = FN(panel_part)(size, part + 1) - d;
      for (size_t f = first / PANEL * PANEL; f < end; f += PANEL) {
        const size_t begin = f < first ? first - f : 0, stop = FN(least)(end - f, PANEL);
        const T *panel = panels + f * size + d * PANEL;
        for (size_t t = tile; t < last; t++) {
          const size_t r = rows * t / tiles, height = rows * (t + 1) / tiles - r, column = f + begin - first;
          T *out = y + r * ldy + column;
          const FN(PanelRows) operands = {
              .size = count,
              .x = x + r * ldx + d,
              .ldx = ldx,
              .panel = panel,
              /* The next panel's part, by as many tiles as it has lines to a turn, at least one. */
              .next = panel + size * PANEL + (t - tile) % turn_lines * (count / PANEL_STEPS * LINE),
              .addend = part > 0 ? out : bias ? bias + column : NULL,
              .ldadd = part > 0 ? ldy : 0,
              .y = out,
              .ldy = ldy,
          };
          if (begin == 0 && stop == PANEL) {
            of_rows[height - 1](&operands);
          } else {
            FN(panel_rows_aside)(of_rows[height - 1], &operands, height, begin, stop);
          }
        }
      }
    }
  }
}

#undef PANEL_VECTORS
#undef PANEL
#undef PANEL_ROWS
#undef PART_SIZE
#undef PANEL_STEPS
#undef PANEL_OF_ROWS
