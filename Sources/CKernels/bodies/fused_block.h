/* A block of rows against a tile of keys: sizes, the range of keys that each row attends, queries as lanes. */

/* Rows of a block: a multiple of every set's vectors, and of the rows that fused_values.h has in registers. */
#define WIDTH 48
#define VECTORS (WIDTH / LANES)
/* Keys whose exponentials are in cache at a time, at most. */
#define CHUNK 96
/* Of any set, so that scratch is of one size in all. */
#define MOST_LANES 16
#define FEW_ROWS 8

/* Steps of a chain of multiply-adds to a turn of its loop. With few registers two loads and broadcasts go with three multiply-adds;
 * on cores that two threads share there is no room for the counting of a loop beside them. */
#if REGISTERS == 32
#define MOST_VALUE_VECTORS 4
#define STEPS 1
#else
#define MOST_VALUE_VECTORS 2
#define STEPS 4
#endif

INLINE size_t FN(least)(size_t a, size_t b) { return a < b ? a : b; }
INLINE size_t FN(most)(size_t a, size_t b) { return a > b ? a : b; }
INLINE size_t FN(whole_vectors)(size_t count) { return (count + LANES - 1) / LANES * LANES; }

/* Leading dimension of an accumulator. */
INLINE size_t FN(padded)(size_t value_head_size) { return FN(whole_vectors)(value_head_size); }

/* As lanes, or as rows where there are few. */
static size_t FN(queries_size)(size_t head_size) {
  return FN(most)(head_size * WIDTH, FEW_ROWS * ((head_size + MOST_LANES - 1) / MOST_LANES * MOST_LANES));
}
static size_t FN(accumulator_size)(size_t value_head_size) { return WIDTH * FN(padded)(value_head_size); }

/* The parts of a block's scratch. Scores are [keys][WIDTH], or [rows][FUSED_TILE_KEYS] for few rows. */
typedef struct FN(Scratch) {
  T *scores;
  T *powers;      /* [CHUNK][WIDTH] */
  T *accumulator; /* of this tile alone */
  T *keys;        /* [LANES][D]: the last keys of a tile */
} FN(Scratch);

INLINE FN(Scratch) FN(scratch)(const BLOCK *block) {
  FN(Scratch) parts;
  parts.scores = block->scratch;
  parts.powers = parts.scores + FUSED_TILE_KEYS * WIDTH;
  parts.accumulator = parts.powers + CHUNK * WIDTH;
  parts.keys = parts.accumulator + FN(accumulator_size)(block->value_head_size);
  return parts;
}

static size_t FN(scratch_size)(size_t head_size, size_t value_head_size) {
  return (FUSED_TILE_KEYS + CHUNK) * WIDTH + FN(accumulator_size)(value_head_size) + head_size * MOST_LANES;
}

/* Which keys of the tile each row attends, by the rules' first and end. */
typedef struct FN(Ranges) {
  size_t begin, end;                            /* no row attends keys outside */
  size_t low[VECTORS], high[VECTORS];           /* nor any of a vector's rows outside of these */
  size_t whole_low[VECTORS], whole_high[VECTORS]; /* all of a vector's rows attend what is inside */
  INT first[WIDTH], last_end[WIDTH];            /* row by row, of whole vectors */
} FN(Ranges);

static void FN(find_ranges)(FN(Ranges) *ranges, size_t rows, size_t count, const RULES *rules, bool by_row) {
  const bool ranged = rules && (rules->first || rules->end);
  ranges->begin = ranged ? count : 0;
  ranges->end = ranged ? 0 : count;
  for (size_t w = 0; w < VECTORS; w++) {
    ranges->low[w] = ranges->begin;
    ranges->high[w] = w * LANES < rows ? ranges->end : 0;
    ranges->whole_low[w] = 0;
    ranges->whole_high[w] = count;
  }
  if (!by_row) return;
  for (size_t r = 0; r < FN(whole_vectors)(rows); r++) {
    ptrdiff_t first = 0, end = (ptrdiff_t)count;
    if (ranged) {
      if (r >= rows) {
        end = 0;
      } else {
        if (rules->first && rules->first[r] > 0) first = rules->first[r];
        if (rules->end && rules->end[r] < end) end = rules->end[r];
        if (first >= end) first = end = 0;
        const size_t w = r / LANES;
        if (end > 0) {
          ranges->low[w] = FN(least)(ranges->low[w], (size_t)first);
          ranges->high[w] = FN(most)(ranges->high[w], (size_t)end);
        }
        ranges->whole_low[w] = FN(most)(ranges->whole_low[w], (size_t)first);
        ranges->whole_high[w] = FN(least)(ranges->whole_high[w], (size_t)end);
      }
    }
    ranges->first[r] = (INT)first;
    ranges->last_end[r] = (INT)end;
  }
  if (!ranged) return;
  for (size_t w = 0; w < VECTORS; w++) {
    if (ranges->low[w] >= ranges->high[w]) continue;
    ranges->begin = FN(least)(ranges->begin, ranges->low[w]);
    ranges->end = FN(most)(ranges->end, ranges->high[w]);
  }
}

/* Whether rows attend key j, lane by lane. */
INLINE FN(lanes) FN(attended)(const INT *first, const INT *end, size_t j) {
  const FN(lanes) key = (FN(lanes))(INT)j;
  return (*(const FN(unaligned_lanes) *)first <= key) & (key < *(const FN(unaligned_lanes) *)end);
}

/* Whether scores are computed by fused_dots.h. */
INLINE bool FN(takes_dots)(const BLOCK *block) { return block->rows <= FEW_ROWS && !block->same_bits; }

INLINE const T *FN(row_of_queries)(const INPUT_ROWS *queries, size_t r) {
  return queries->base + (ptrdiff_t)(r / queries->inner) * queries->outer_stride +
         (ptrdiff_t)(r % queries->inner) * queries->inner_stride;
}

static void FN(pack_queries)(const BLOCK *block, const INPUT_ROWS *queries, size_t first, T factor) {
  const size_t count = block->rows, head_size = block->head_size;
  T *packed = block->queries;
  if (FN(takes_dots)(block)) {
    for (size_t r = 0; r < count; r++, packed += FN(whole_vectors)(head_size)) {
      const T *row = FN(row_of_queries)(queries, first + r);
      for (size_t d = 0; d < head_size; d += LANES) {
        FN(store)(packed + d, FN(load_up_to)(row + d, head_size - d, 0) * factor);
      }
    }
    return;
  }
  for (size_t start = 0; start < count; start += LANES) {
    const T *row[LANES];
    const size_t rows = FN(least)(count - start, LANES);
    for (size_t i = 0; i < rows; i++) row[i] = FN(row_of_queries)(queries, first + start + i);
    T *out = packed + start;
    size_t d = 0;
    if (rows == LANES && (first + start) % queries->inner + LANES <= queries->inner) {
      for (; d + COLUMNS <= head_size; d += COLUMNS) {
        V column[COLUMNS];
        FN(load_columns)(row[0] + d, queries->inner_stride, column);
        UNROLL for (size_t i = 0; i < COLUMNS; i++) FN(store)(out + (d + i) * WIDTH, column[i] * factor);
      }
    }
    for (; d < head_size; d += LANES) {
      const size_t left = FN(least)(head_size - d, LANES);
      V square[LANES];
      for (size_t i = 0; i < LANES; i++) square[i] = i < rows ? FN(load_up_to)(row[i] + d, left, 0) : (V)(T)0;
      FN(transpose)(square);
      for (size_t i = 0; i < left; i++) FN(store)(out + (d + i) * WIDTH, square[i] * factor);
    }
  }
}
