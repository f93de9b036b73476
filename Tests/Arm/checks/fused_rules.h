/* Softcap, bias, keep and ranges in the fused kernels; what masked places hold has no effect. */

static void FN(check_rules)(const FUSED *fused, RuleCase kind, size_t rows, size_t keys, Tally *tally) {
  const size_t mark = fenced_mark();
  Numbers numbers = {rows * 1000 + keys};
  tally_about(tally, "fused, rules %d%d%d%d%d, %zu rows, %zu keys", kind.softcap, kind.bias, kind.keep, kind.ranges,
              kind.shared, rows, keys);
  FN(Problem) problem = FN(make_problem)(rows, keys, 5, 3, 1, keys % 2, &numbers);
  const RULES rules = FN(make_rules)(kind, rows, keys, keys % 2, &numbers);
  FN(set_rules)(&problem, &rules);
  FN(compare_with_oracle)(fused, &problem, (FN(Way)){0}, tally);
  problem.same_bits = false;
  if (rows <= fused->few) FN(compare_with_oracle)(fused, &problem, (FN(Way)){0}, tally);
  fenced_release(mark);
}

static int32_t FN(clamped)(int64_t x, int64_t limit) { return (int32_t)(x < 0 ? 0 : x > limit ? limit : x); }

/* Causal edges and windows at every place, and rows whose ranges jump. */
static void FN(check_window)(const FUSED *fused, size_t rows, int left, int right, int offset, Tally *tally) {
  const size_t mark = fenced_mark(), keys = 61;
  Numbers numbers = {47};
  tally_about(tally, "fused, window of %d and %d keys at %d, %zu rows", left, right, offset, rows);
  FN(Problem) problem = FN(make_problem)(rows, keys, 3, 2, 0, true, &numbers);
  int32_t *first = fenced(rows * sizeof *first, true), *end = fenced(rows * sizeof *end, true);
  for (size_t r = 0; r < rows; r++) {
    const int64_t place = (int64_t)r - (r % 7 == 6 ? 5 : 0) + offset;
    first[r] = FN(clamped)(place - left, (int64_t)keys);
    end[r] = FN(clamped)(place + right + 1, (int64_t)keys);
  }
  const RULES rules = {.first = first, .end = end};
  FN(set_rules)(&problem, &rules);
  FN(compare_with_oracle)(fused, &problem, (FN(Way)){0}, tally);
  problem.same_bits = false;
  if (rows <= fused->few) FN(compare_with_oracle)(fused, &problem, (FN(Way)){0}, tally);
  fenced_release(mark);
}

static bool FN(attends)(const FN(Problem) *p, size_t row, size_t key) {
  WIDE score = 0;
  return FN(apply)(p->rules, row, key, &score);
}

/* Keys that no row attends, and every 11th value, become NaN or infinite: rows that attend none of these keep their bits. */
static void FN(check_unattended)(const FUSED *fused, RuleCase kind, size_t rows, bool same_bits, Tally *tally) {
  const size_t mark = fenced_mark(), keys = 45;
  Numbers numbers = {53};
  tally_about(tally, "fused, NaN where rules %d%d%d%d%d mask, %zu rows", kind.softcap, kind.bias, kind.keep, kind.ranges,
              kind.shared, rows);
  FN(Problem) problem = FN(make_problem)(rows, keys, 5, 3, 0, true, &numbers);
  const RULES rules = FN(make_rules)(kind, rows, keys, true, &numbers);
  FN(set_rules)(&problem, &rules);
  problem.values_finite = false;
  problem.same_bits = same_bits;
  const FN(Answer) expected = FN(attend)(fused, &problem, (FN(Way)){0}, tally);
  for (size_t j = 0; j < keys; j++) {
    size_t attending = 0;
    for (size_t r = 0; r < rows; r++) attending += FN(attends)(&problem, r, j);
    for (size_t c = 0; c < 3 && (attending == 0 || j % 11 == 4); c++) {
      *FN(at)(&problem.values, j, c) = c == 1 ? INFINITY : NAN;
    }
    if (attending == 0) *FN(at)(&problem.keys, j, 2) = j % 2 ? INFINITY : NAN;
  }
  const FN(Answer) actual = FN(attend)(fused, &problem, (FN(Way)){0}, tally);
  FN(compare)(tally, &actual.log_sum_exp, 0, &expected.log_sum_exp);
  for (size_t r = 0; r < rows; r++) {
    bool hit = false;
    for (size_t j = 4; j < keys; j += 11) hit |= FN(attends)(&problem, r, j);
    for (size_t c = 0; c < 3; c++) {
      const T x = *FN(at)(&actual.output, r, c);
      tally_check(tally, hit ? !isfinite(x) : FN(same)(x, *FN(at)(&expected.output, r, c)), r, c);
    }
  }
  fenced_release(mark);
}

static void FN(check_fused_rules)(const FUSED *fused, Tally *tally) {
  const size_t tile = FUSED_TILE_KEYS, width = fused->width;
  const size_t sizes[][2] = {{1, 1}, {2, 33}, {4, tile + 2}, {8, 50}, {9, 21}, {width / 3 + 1, 40}, {width, 64}, {11, tile + 19}};
  for (size_t bits = 0; bits < RULE_CASES; bits++) {
    for (size_t n = 0; n < COUNT(sizes); n++) FN(check_rules)(fused, rule_case(bits), sizes[n][0], sizes[n][1], tally);
    FN(check_unattended)(fused, rule_case(bits), 3, true, tally);
    FN(check_unattended)(fused, rule_case(bits), 3, false, tally);
    FN(check_unattended)(fused, rule_case(bits), width, true, tally);
  }
  const int windows[][2] = {{1000, 0}, {0, 0}, {3, 2}, {17, -4}, {40, 9}, {1000, -30}};
  for (size_t n = 0; n < COUNT(windows); n++) {
    for (int offset = -5; offset <= 29; offset += 17) {
      FN(check_window)(fused, width + 2, windows[n][0], windows[n][1], offset, tally);
      FN(check_window)(fused, 7, windows[n][0], windows[n][1], offset, tally);
    }
  }
}
