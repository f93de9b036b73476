/* One tile for a block, and what ends it. */

/* Folds a tile's part into the block: x = x*2^(m - m') + x_tile*2^(m_tile - m'), where nothing so far, or nothing in the tile
 * (-inf), counts with the factor 1: there x is 0, or the NaN that has to stay. */
static void FN(fold)(BLOCK *block, const T *maximum, const T *sum, const T *acc) {
  const size_t ldacc = FN(padded)(block->value_head_size);
  T before[WIDTH], after[WIDTH];
  const FN(Exp2) of = FN(exp2_constants)();
  for (size_t r = 0; r < block->rows; r += LANES) {
    const V old = FN(load)(block->maximum + r), tile = FN(load)(maximum + r);
    const V top = FN(greater)(tile, old);
    const V a = old == NEGATIVE_INFINITY ? (V)(T)1 : FN(power)(old, top, block->natural, &of);
    const V b = tile == NEGATIVE_INFINITY ? (V)(T)1 : FN(power)(tile, top, block->natural, &of);
    FN(store)(block->maximum + r, top);
    FN(store)(block->sum + r, FN(multiply_add)(FN(load)(sum + r), b, FN(load)(block->sum + r) * a));
    FN(store)(before + r, a);
    FN(store)(after + r, b);
  }
  for (size_t r = 0; r < block->rows; r++) {
    T *x = block->accumulator + r * ldacc;
    const T *part = acc + r * ldacc;
    const V a = (V)before[r], b = (V)after[r];
    for (size_t c = 0; c < ldacc; c += LANES) {
      FN(store)(x + c, FN(multiply_add)(FN(load)(part + c), b, FN(load)(x + c) * a));
    }
  }
}

INLINE bool FN(is_fresh)(const BLOCK *block) { return !block->begun; }

static void FN(step_few)(BLOCK *block, const T *keys, size_t ldk, const T *values, size_t ldv, size_t count,
                         const RULES *rules, bool values_finite, const FN(Ranges) *ranges) {
  const FN(Scratch) scratch = FN(scratch)(block);
  const bool fresh = FN(is_fresh)(block);
  T maximum[WIDTH] = {0}, sum[WIDTH] = {0};
  T *acc = fresh ? block->accumulator : scratch.accumulator;
  FN(few_scores)(block, ranges, keys, ldk, values, ldv, count, scratch.keys, scratch.scores);
  FN(few_powers)(block, rules, ranges, count, scratch.scores, maximum, sum);
  if (rules && !values_finite) {
    FN(add_attended_values)(block, rules, ranges, scratch.scores + ranges->begin, FUSED_TILE_KEYS, 1, values, ldv,
                            ranges->begin, ranges->end, acc, true);
  } else {
    FN(add_few_values)(block, scratch.scores, values, ldv, ranges->begin, ranges->end, acc, true);
  }
  if (fresh) {
    __builtin_memcpy(block->maximum, maximum, block->rows * sizeof(T));
    __builtin_memcpy(block->sum, sum, block->rows * sizeof(T));
    block->begun = true;
  } else {
    FN(fold)(block, maximum, sum, acc);
  }
}

static void FN(step)(BLOCK *block, const T *keys, size_t ldk, const T *values, size_t ldv, size_t count, const RULES *rules,
                     bool values_finite) {
  if (rules && !(rules->softcap > 0) && !rules->bias && !rules->keep && !rules->first && !rules->end) rules = NULL;
  FN(Ranges) ranges;
  const bool few = block->rows <= FEW_ROWS;
  FN(find_ranges)(&ranges, block->rows, count, rules, few || rules);
  if (ranges.begin >= ranges.end) return;
  if (few) {
    FN(step_few)(block, keys, ldk, values, ldv, count, rules, values_finite, &ranges);
    return;
  }
  const FN(Scratch) scratch = FN(scratch)(block);
  const bool fresh = FN(is_fresh)(block), ranged = rules && (rules->first || rules->end);
  const bool by_element = rules && (rules->softcap > 0 || rules->bias || rules->keep);
  T *acc = fresh ? block->accumulator : scratch.accumulator;
  V top[VECTORS], sum[VECTORS];
  for (size_t w = 0; w < VECTORS; w++) {
    top[w] = (V)NEGATIVE_INFINITY;
    sum[w] = (V)(T)0;
  }

  FN(scores)(block, keys, ldk, values, ldv, &ranges, ranged && !by_element, scratch.scores, top);
  const size_t vectors = (block->rows + LANES - 1) / LANES;
  for (size_t w = 0; by_element && w < vectors; w++) {
    top[w] = FN(apply_block_rules)(scratch.scores, rules, w * LANES, FN(least)(block->rows - w * LANES, LANES), count,
                                   &ranges);
  }
  const size_t first = ranges.begin / LANES * LANES, chunks = (ranges.end - first + CHUNK - 1) / CHUNK;
  const size_t chunk = FN(whole_vectors)((ranges.end - first + chunks - 1) / chunks);
  for (size_t begin = first; begin < ranges.end; begin += chunk) {
    const size_t end = FN(least)(begin + chunk, ranges.end);
    for (size_t w = 0; w < vectors; w++) {
      sum[w] = (block->natural ? FN(natural_powers) : FN(powers))(scratch.scores + begin * WIDTH + w * LANES, scratch.powers + w * LANES, begin, end, ranges.low[w],
                          ranges.high[w], FN(shifts)(top[w]), sum[w]);
    }
    const bool start = begin == first;
    if (rules && !values_finite) {
      FN(add_attended_values)(block, rules, &ranges, scratch.powers, 1, WIDTH, values, ldv, begin, end, acc, start);
    } else {
      FN(add_values)(block, &ranges, ranged, scratch.powers, values, ldv, begin, end, acc, start);
    }
  }
  T maximum[WIDTH], sums[WIDTH];
  for (size_t w = 0; w < vectors; w++) {
    FN(store)(maximum + w * LANES, top[w]);
    FN(store)(sums + w * LANES, sum[w]);
  }
  if (fresh) {
    __builtin_memcpy(block->maximum, maximum, vectors * sizeof(V));
    __builtin_memcpy(block->sum, sums, vectors * sizeof(V));
    block->begun = true;
  } else {
    FN(fold)(block, maximum, sums, acc);
  }
}

static void FN(merge)(BLOCK *block, const BLOCK *other) {
  if (!other->begun) return;
  if (block->begun) {
    FN(fold)(block, other->maximum, other->sum, other->accumulator);
    return;
  }
  __builtin_memcpy(block->maximum, other->maximum, block->rows * sizeof(T));
  __builtin_memcpy(block->sum, other->sum, block->rows * sizeof(T));
  __builtin_memcpy(block->accumulator, other->accumulator,
                   block->rows * FN(padded)(block->value_head_size) * sizeof(T));
  block->begun = true;
}

static void FN(finish)(const BLOCK *block, const OUTPUT_ROWS *out, size_t first, T *log_sum_exp) {
  const size_t columns = block->value_head_size, ldacc = FN(padded)(columns);
  /* Row by row instead of a division for each. */
  size_t inner = first % out->inner;
  T *outer = out->base + (ptrdiff_t)(first / out->inner) * out->outer_stride;
  for (size_t r = 0; r < block->rows; r++, inner++) {
    if (inner == out->inner) {
      inner = 0;
      outer += out->outer_stride;
    }
    T *row = outer + (ptrdiff_t)inner * out->inner_stride;
    const T sum = block->begun ? block->sum[r] : 0;
    if (log_sum_exp) log_sum_exp[r] = sum == 0 ? NEGATIVE_INFINITY : block->maximum[r] * (block->natural ? 1 : (T)LN_2) + LOG(sum);
    if (sum == 0) {
      FN(fill)(row, columns, 0);
      continue;
    }
    const V factor = (V)(1 / sum);
    const T *x = block->accumulator + r * ldacc;
    /* + 0: a sum that begins later may be 0 where another is -0. */
    size_t c = 0;
    for (; c + 4 * LANES <= columns; c += 4 * LANES) {
      UNROLL for (size_t i = 0; i < 4 * LANES; i += LANES) {
        FN(store)(row + c + i, FN(multiply_add)(FN(load)(x + c + i), factor, (V)(T)0));
      }
    }
    for (; c + LANES <= columns; c += LANES) FN(store)(row + c, FN(multiply_add)(FN(load)(x + c), factor, (V)(T)0));
    if (c < columns) FN(store_part)(row + c, columns - c, FN(multiply_add)(FN(load)(x + c), factor, (V)(T)0));
  }
}

static void FN(exp2)(const T *x, T *y, size_t count) {
  const FN(Exp2) of = FN(exp2_constants)();
  for (size_t i = 0; i < count; i += LANES) {
    FN(store_up_to)(y + i, count - i, FN(exp2_below)(FN(load_up_to)(x + i, count - i, 0), &of));
  }
}

const FUSED_TABLE FN(FUSED_SET) = {
    .width = WIDTH,
    .few = FEW_ROWS,
    .queries_size = FN(queries_size),
    .accumulator_size = FN(accumulator_size),
    .scratch_size = FN(scratch_size),
    .pack_queries = FN(pack_queries),
    .step = FN(step),
    .merge = FN(merge),
    .finish = FN(finish),
    .exp2 = FN(exp2),
};
