/* A row's bits depend on the row, on the keys that it attends and on their places alone. */

static void FN(compare_answers)(const FN(Answer) *actual, const FN(Answer) *expected, Tally *tally) {
  FN(compare)(tally, &actual->output, 0, &expected->output);
  FN(compare)(tally, &actual->log_sum_exp, 0, &expected->log_sum_exp);
}

/* However many rows stand in a block, and wherever; whether tiles are added one by one or merged; rows of heads. */
static void FN(check_blocks)(const FUSED *fused, RuleCase kind, Tally *tally) {
  const size_t mark = fenced_mark(), width = fused->width, rows = width + 6, keys = FUSED_TILE_KEYS + 43;
  Numbers numbers = {59};
  FN(Problem) problem = FN(make_problem)(rows, keys, 7, 21, 2, true, &numbers);
  /* Products that round to zeros of both signs. */
  const T smallest = SMALLEST_NORMAL * EPSILON;
  for (size_t j = 0; j < keys; j++) *FN(at)(&problem.values, j, 0) = j % 5 == 3 ? smallest : -smallest;
  const RULES rules = FN(make_rules)(kind, rows, keys, true, &numbers);
  FN(set_rules)(&problem, &rules);
  tally_about(tally, "fused, rules %d%d%d%d%d", kind.softcap, kind.bias, kind.keep, kind.ranges, kind.shared);
  const FN(Answer) expected = FN(attend)(fused, &problem, (FN(Way)){0}, tally);
  const FN(Way) ways[] = {
      {.rows_per_block = 1},         {.rows_per_block = 2},         {.rows_per_block = 3}, {.rows_per_block = 7},
      {.rows_per_block = 8},         {.rows_per_block = 9},         {.tiles_apart = true}, {.rows_per_block = width / 3},
      {.rows_per_block = width - 1}, {.heads = 2},                  {.heads = 3, .rows_per_block = 5},
      {.rows_per_block = 4, .tiles_apart = true},
  };
  for (int pass = 0; pass < 2; pass++) {
    for (size_t n = 0; n < COUNT(ways); n++) {
      const size_t inside = fenced_mark();
      tally_about(tally, "fused, rules %d%d%d%d%d: %zu rows in a block, %zu heads%s%s against one way", kind.softcap, kind.bias,
                  kind.keep, kind.ranges, kind.shared, ways[n].rows_per_block, ways[n].heads,
                  ways[n].tiles_apart ? ", tiles merged" : "", pass ? ", values one by one" : "");
      const FN(Answer) actual = FN(attend)(fused, &problem, ways[n], tally);
      FN(compare_answers)(&actual, &expected, tally);
      fenced_release(inside);
    }
    problem.values_finite = false;
  }
  fenced_release(mark);
}

/* Few rows that need not have the bits of many have those of few. */
static void FN(check_few)(const FUSED *fused, RuleCase kind, Tally *tally) {
  const size_t mark = fenced_mark(), rows = fused->few, keys = FUSED_TILE_KEYS + 43;
  Numbers numbers = {60};
  FN(Problem) problem = FN(make_problem)(rows, keys, 37, 5, 2, true, &numbers);
  problem.same_bits = false;
  const RULES rules = FN(make_rules)(kind, rows, keys, true, &numbers);
  FN(set_rules)(&problem, &rules);
  tally_about(tally, "fused, few rows, rules %d%d%d%d%d", kind.softcap, kind.bias, kind.keep, kind.ranges, kind.shared);
  const FN(Answer) expected = FN(attend)(fused, &problem, (FN(Way)){0}, tally);
  for (size_t most = 1; most < rows; most++) {
    const size_t inside = fenced_mark();
    const FN(Answer) actual = FN(attend)(fused, &problem, (FN(Way)){.rows_per_block = most, .tiles_apart = most % 2}, tally);
    FN(compare_answers)(&actual, &expected, tally);
    fenced_release(inside);
  }
  fenced_release(mark);
}

/* One row of a problem, without its rules, where there are no keys but the first `keys`. */
static FN(Problem) FN(row_alone)(const FN(Problem) *p, size_t row, size_t keys) {
  const size_t d = p->queries.cols, dv = p->values.cols;
  FN(Problem) alone = *p;
  alone.rules = NULL;
  alone.queries = FN(matrix)(1, d, 0, row % 2);
  memcpy(alone.queries.base, FN(at)(&p->queries, row, 0), d * sizeof(T));
  alone.keys = FN(matrix)(keys, d, 2, true);
  alone.values = FN(matrix)(keys, dv, 1, true);
  for (size_t j = 0; j < keys; j++) {
    memcpy(FN(at)(&alone.keys, j, 0), FN(at)(&p->keys, j, 0), d * sizeof(T));
    memcpy(FN(at)(&alone.values, j, 0), FN(at)(&p->values, j, 0), dv * sizeof(T));
  }
  return alone;
}

/* Causal prefill equals one token after the other, where later keys do not exist. */
static void FN(check_decoding)(const FUSED *fused, size_t d, size_t dv, bool natural, Tally *tally) {
  const size_t mark = fenced_mark(), tokens = FUSED_TILE_KEYS + 21;
  Numbers numbers = {61};
  FN(Problem) prefill = FN(make_problem)(tokens, tokens, d, dv, 0, true, &numbers);
  int32_t *end = fenced(tokens * sizeof *end, true);
  for (size_t t = 0; t < tokens; t++) end[t] = (int32_t)t + 1;
  const RULES rules = {.end = end};
  FN(set_rules)(&prefill, &rules);
  prefill.natural = natural;
  tally_about(tally, "fused, causal");
  const FN(Answer) expected = FN(attend)(fused, &prefill, (FN(Way)){0}, tally);
  for (size_t token = 0; token < tokens; token++) {
    const size_t inside = fenced_mark();
    tally_about(tally, "fused, token %zu by itself, D %zu, Dv %zu", token, d, dv);
    const FN(Problem) step = FN(row_alone)(&prefill, token, token + 1);
    const FN(Answer) actual = FN(attend)(fused, &step, (FN(Way)){0}, tally);
    FN(compare)(tally, &expected.output, token, &actual.output);
    tally_check(tally, FN(same)(actual.log_sum_exp.base[0], expected.log_sum_exp.base[token]), token, dv);
    fenced_release(inside);
  }
  fenced_release(mark);
}

/* Few rows that need not have the bits of many: keys beyond those that a row attends change no bit, whether they are there or not,
 * nor do those before it that only the others attend. */
static void FN(check_ends)(const FUSED *fused, size_t keys, size_t begin, Tally *tally) {
  const size_t mark = fenced_mark(), rows = fused->few, d = 9, dv = 5;
  Numbers numbers = {67};
  FN(Problem) all = FN(make_problem)(rows, keys, d, dv, 0, true, &numbers);
  int32_t *first = fenced(rows * sizeof *first, true), *end = fenced(rows * sizeof *end, true);
  for (size_t r = 0; r < rows; r++) {
    end[r] = (int32_t)(keys > r % 3 ? keys - r % 3 : 1);
    first[r] = (int32_t)(begin > r * 5 ? begin - r * 5 : 0);
  }
  const RULES rules = {.first = first, .end = end};
  FN(set_rules)(&all, &rules);
  all.same_bits = false;
  tally_about(tally, "fused, few rows, keys %zu up to %zu", begin, keys);
  const FN(Answer) expected = FN(attend)(fused, &all, (FN(Way)){0}, tally);
  for (size_t r = 0; r < rows; r++) {
    const size_t inside = fenced_mark();
    FN(Problem) alone = FN(row_alone)(&all, r, (size_t)end[r]);
    const RULES own = {.first = first + r};
    alone.rules = &own;
    const FN(Answer) actual = FN(attend)(fused, &alone, (FN(Way)){0}, tally);
    FN(compare)(tally, &expected.output, r, &actual.output);
    tally_check(tally, FN(same)(actual.log_sum_exp.base[0], expected.log_sum_exp.base[r]), r, dv);
    fenced_release(inside);
  }
  fenced_release(mark);
}

static void FN(check_fused_bits)(const FUSED *fused, Tally *tally) {
  for (size_t bits = 0; bits < RULE_CASES; bits++) {
    FN(check_blocks)(fused, rule_case(bits), tally);
    FN(check_few)(fused, rule_case(bits), tally);
  }
  for (size_t keys = 1; keys < FUSED_TILE_KEYS + 70; keys += keys == 70 ? FUSED_TILE_KEYS - 72 : 1) {
    FN(check_ends)(fused, keys, 0, tally);
    FN(check_ends)(fused, keys, keys * 3 / 4, tally);
  }
  FN(check_decoding)(fused, 33, 69, false, tally);
  FN(check_decoding)(fused, 8, 16, true, tally);
}
