/* Rows of queries against keys and values, and what the fused kernels make of them. */

typedef struct FN(Problem) {
  FN(Matrix) queries, keys, values;
  const RULES *rules; /* for all rows and keys; NULL: none */
  bool natural;       /* scores in their own units, as softcap and bias want them */
  bool values_finite;
  bool same_bits; /* whether few rows are to have the bits of many */
  T scale;
} FN(Problem);

typedef struct FN(Answer) {
  FN(Matrix) output, log_sum_exp; /* [rows][Dv], [1][rows] */
} FN(Answer);

/* How a problem is given to the kernels. */
typedef struct FN(Way) {
  size_t rows_per_block; /* 0: as many as there is room for */
  size_t heads;          /* rows that are apart as those of so many heads; 0: evenly */
  bool tiles_apart;      /* every tile by itself, merged in order */
} FN(Way);

static FN(Problem) FN(make_problem)(size_t rows, size_t keys, size_t d, size_t dv, size_t gap, bool at_end, Numbers *numbers) {
  return (FN(Problem)){
      .queries = FN(random_matrix)(rows, d, gap, at_end, -2, 2, numbers),
      .keys = FN(random_matrix)(keys, d, gap, at_end, -2, 2, numbers),
      .values = FN(random_matrix)(keys, dv, gap, at_end, -1, 1, numbers),
      .values_finite = true,
      .same_bits = true,
      .scale = (T)0.3,
  };
}

/* The rules must outlive the problem. */
static void FN(set_rules)(FN(Problem) *p, const RULES *rules) {
  p->rules = rules;
  if (rules->softcap > 0 || rules->bias) p->natural = true;
}

/* A block whose memory is as large as the kernels say, not a byte more, and holds NaN. */
static BLOCK FN(make_block)(const FUSED *fused, const FN(Problem) *p, size_t rows, T *queries) {
  const size_t d = p->queries.cols, dv = p->values.cols;
  BLOCK block = {.rows = rows, .head_size = d, .value_head_size = dv, .natural = p->natural, .same_bits = p->same_bits, .queries = queries};
  const size_t sizes[] = {fused->width, fused->width, fused->accumulator_size(dv), fused->scratch_size(d, dv)};
  T *parts[COUNT(sizes)];
  for (size_t i = 0; i < COUNT(sizes); i++) {
    parts[i] = fenced(sizes[i] * sizeof(T), rows % 2);
    memset(parts[i], 0xFF, sizes[i] * sizeof(T));
  }
  block.maximum = parts[0];
  block.sum = parts[1];
  block.accumulator = parts[2];
  block.scratch = parts[3];
  for (size_t r = 0; r < fused->width; r++) {
    block.maximum[r] = -INFINITY;
    block.sum[r] = 0;
  }
  return block;
}

/* The rules of some rows for a tile; first and end, cut to it, go to memory of theirs. */
static RULES FN(tile_rules)(const RULES *rules, size_t row, size_t rows, size_t start, size_t count, int32_t *first, int32_t *end) {
  RULES part = *rules;
  if (rules->bias) part.bias = rules->bias + (ptrdiff_t)row * rules->bias_stride + (ptrdiff_t)start;
  if (rules->keep) part.keep = rules->keep + (ptrdiff_t)row * rules->keep_stride + (ptrdiff_t)start;
  const int32_t limit = (int32_t)count, shift = (int32_t)start;
  for (size_t r = 0; r < rows; r++) {
    const int32_t low = rules->first ? rules->first[row + r] - shift : 0, high = rules->end ? rules->end[row + r] - shift : limit;
    first[r] = low < 0 ? 0 : low > limit ? limit : low;
    end[r] = high < 0 ? 0 : high > limit ? limit : high;
  }
  part.first = rules->first ? first : NULL;
  part.end = rules->end ? end : NULL;
  return part;
}

/* All tiles of some rows. */
static void FN(step_tiles)(const FUSED *fused, const FN(Problem) *p, BLOCK *block, size_t row, bool tiles_apart) {
  for (size_t start = 0; start < p->keys.rows; start += FUSED_TILE_KEYS) {
    const size_t mark = fenced_mark(), left = p->keys.rows - start, count = left < FUSED_TILE_KEYS ? left : FUSED_TILE_KEYS;
    RULES rules;
    if (p->rules) {
      int32_t *first = fenced(block->rows * sizeof *first, true), *end = fenced(block->rows * sizeof *end, true);
      rules = FN(tile_rules)(p->rules, row, block->rows, start, count, first, end);
    }
    const T *keys = FN(at)(&p->keys, start, 0), *values = FN(at)(&p->values, start, 0);
    BLOCK apart, *target = block;
    if (tiles_apart) {
      apart = FN(make_block)(fused, p, block->rows, block->queries);
      target = &apart;
    }
    fused->step(target, keys, p->keys.ld, values, p->values.ld, count, p->rules ? &rules : NULL, p->values_finite);
    if (tiles_apart) fused->merge(block, &apart);
    fenced_release(mark);
  }
}

/* The same rows with a gap between heads, so that they take two strides. */
static FN(Matrix) FN(spread)(const FN(Matrix) *m, size_t heads, INPUT_ROWS *rows) {
  const size_t inner = m->rows / heads, gap = 5;
  FN(Matrix) spread = FN(matrix)(heads * (inner + gap), m->cols, 1, false);
  for (size_t r = 0; r < m->rows; r++) {
    memcpy(FN(at)(&spread, r / inner * (inner + gap) + r % inner, 0), FN(at)(m, r, 0), m->cols * sizeof(T));
  }
  *rows = (INPUT_ROWS){spread.base, inner, (ptrdiff_t)spread.ld, (ptrdiff_t)((inner + gap) * spread.ld)};
  return spread;
}

/* What the rows get. The tally hears of guards that were overwritten. */
static FN(Answer) FN(attend)(const FUSED *fused, const FN(Problem) *p, FN(Way) way, Tally *tally) {
  const size_t rows = p->queries.rows, d = p->queries.cols, dv = p->values.cols;
  const size_t most = way.rows_per_block ? way.rows_per_block : fused->width;
  const bool at_end = rows % 2 == 0;
  FN(Answer) answer = {FN(matrix)(rows, dv, 3, at_end), FN(matrix)(1, rows, 0, at_end)};
  const size_t mark = fenced_mark();
  INPUT_ROWS queries = {p->queries.base, rows, (ptrdiff_t)p->queries.ld, 0};
  OUTPUT_ROWS output = {answer.output.base, rows, (ptrdiff_t)answer.output.ld, 0};
  FN(Matrix) spread_queries, spread_output;
  if (way.heads) {
    INPUT_ROWS places;
    spread_queries = FN(spread)(&p->queries, way.heads, &queries);
    spread_output = FN(spread)(&answer.output, way.heads, &places);
    output = (OUTPUT_ROWS){spread_output.base, places.inner, places.inner_stride, places.outer_stride};
  }
  const T factor = p->natural ? p->scale : p->scale * (T)1.4426950408889634;
  for (size_t row = 0; row < rows; row += most) {
    const size_t inside = fenced_mark(), count = rows - row < most ? rows - row : most;
    T *packed = fenced(fused->queries_size(d) * sizeof(T), true);
    memset(packed, 0xFF, fused->queries_size(d) * sizeof(T));
    BLOCK block = FN(make_block)(fused, p, count, packed);
    fused->pack_queries(&block, &queries, row, factor);
    FN(step_tiles)(fused, p, &block, row, way.tiles_apart);
    fused->finish(&block, &output, row, answer.log_sum_exp.base + row);
    fenced_release(inside);
  }
  for (size_t r = 0; way.heads && r < rows; r++) {
    const T *from = output.base + (ptrdiff_t)(r / output.inner) * output.outer_stride + (ptrdiff_t)(r % output.inner) * output.inner_stride;
    memcpy(FN(at)(&answer.output, r, 0), from, dv * sizeof(T));
  }
  bool intact = FN(is_intact)(&answer.output) && FN(is_intact)(&answer.log_sum_exp) && FN(is_intact)(&p->queries) &&
                FN(is_intact)(&p->keys) && FN(is_intact)(&p->values);
  if (way.heads) intact &= FN(is_intact)(&spread_queries) && FN(is_intact)(&spread_output);
  tally_check(tally, intact, rows, 0);
  fenced_release(mark);
  return answer;
}
