/* Rows with nothing, infinities, NaN, scores of all sizes; 2^x. */

static WIDE FN(wide_exp2)(WIDE x) { return WIDE_EXP2(x); }

static void FN(check_exp2)(const FUSED *fused, KernelSet set, Tally *tally) {
  const double bound = IS_SINGLE ? (set == KernelSetPlain ? 2.4 : 2.2) : 1.4;
  const size_t mark = fenced_mark(), count = 40000;
  T *x = fenced(count * sizeof *x, true);
  /* As far as the result is normal. */
  const double range = IS_SINGLE ? 126 : 1021.9;
  for (size_t i = 0; i < count; i++) x[i] = (T)(i % 4 == 3 ? -(double)i * 0x1p-22 : -(double)i / (double)count * range);
  tally_about(tally, "exp2");
  FN(check_function)(fused->exp2, FN(wide_exp2), x, count, bound, tally);
  const T special[] = {0, -(T)0, -INFINITY, NAN, -2000, -GREATEST}, expected[] = {1, 1, 0, NAN, 0, 0};
  T y[COUNT(special)];
  tally_about(tally, "exp2 of special numbers");
  fused->exp2(special, y, COUNT(special));
  for (size_t i = 0; i < COUNT(special); i++) tally_check(tally, FN(same)(y[i], expected[i]), i, 0);
  Numbers numbers = {67};
  for (size_t n = 0; n < COUNT(remainder_counts); n++) {
    const size_t inside = fenced_mark(), elements = remainder_counts[n];
    tally_about(tally, "exp2 of %zu elements", elements);
    FN(Matrix) from = FN(random_matrix)(1, elements, 0, n % 2, -60, 0, &numbers), to = FN(matrix)(1, elements, 0, n % 2);
    fused->exp2(from.base, to.base, elements);
    for (size_t i = 0; i < elements; i++) {
      T single;
      fused->exp2(from.base + i, &single, 1);
      tally_check(tally, FN(same)(to.base[i], single), 0, i);
    }
    tally_check(tally, FN(is_intact)(&to), 0, 0);
    fenced_release(inside);
  }
  fenced_release(mark);
}

static void FN(check_row_edges)(const FUSED *fused, size_t rows, Tally *tally) {
  const size_t mark = fenced_mark(), keys = 23;
  const FN(Way) way = {0};
  Numbers numbers = {71};
  FN(Problem) problem = FN(make_problem)(rows, keys, 4, 3, 0, true, &numbers);
  const FN(Answer) expected = FN(attend)(fused, &problem, way, tally);

  tally_about(tally, "fused, a row with nothing to attend among %zu", rows);
  int32_t *end = fenced(rows * sizeof *end, true);
  for (size_t r = 0; r < rows; r++) end[r] = r == 1 ? 0 : (int32_t)keys;
  const RULES rules = {.end = end};
  FN(Problem) empty = problem;
  FN(set_rules)(&empty, &rules);
  FN(Answer) answer = FN(attend)(fused, &empty, way, tally);
  for (size_t c = 0; c < 3; c++) tally_check(tally, *FN(at)(&answer.output, 1, c) == 0, 1, c);
  tally_check(tally, answer.log_sum_exp.base[1] == -INFINITY, 1, 3);
  for (size_t r = 0; r < rows; r++) end[r] = 0;
  answer = FN(attend)(fused, &empty, way, tally);
  for (size_t i = 0; i < 3 * rows; i++) tally_check(tally, *FN(at)(&answer.output, i / 3, i % 3) == 0, i / 3, i % 3);

  tally_about(tally, "fused, NaN in a query of %zu", rows);
  T *query = FN(at)(&problem.queries, 1, 0);
  const T kept = *query;
  *query = NAN;
  answer = FN(attend)(fused, &problem, way, tally);
  for (size_t i = 0; i < 3 * rows; i++) {
    const T x = *FN(at)(&answer.output, i / 3, i % 3);
    tally_check(tally, i / 3 == 1 ? isnan(x) : FN(same)(x, *FN(at)(&expected.output, i / 3, i % 3)), i / 3, i % 3);
  }
  tally_check(tally, isnan(answer.log_sum_exp.base[1]), 1, 3);

  tally_about(tally, "fused, scores of -inf in a row of %zu", rows);
  *query = INFINITY;
  for (size_t j = 0; j < keys; j++) *FN(at)(&problem.keys, j, 0) = -1;
  answer = FN(attend)(fused, &problem, way, tally);
  for (size_t c = 0; c < 3; c++) tally_check(tally, *FN(at)(&answer.output, 1, c) == 0, 1, c);
  *query = kept;

  tally_about(tally, "fused, scores far apart, %zu rows", rows);
  for (size_t j = 0; j < keys; j++) {
    for (size_t i = 0; i < 4; i++) *FN(at)(&problem.keys, j, i) = j == 7 ? 20000 : -20000;
  }
  for (size_t i = 0; i < 4 * rows; i++) *FN(at)(&problem.queries, i / 4, i % 4) = 1;
  answer = FN(attend)(fused, &problem, way, tally);
  for (size_t i = 0; i < 3 * rows; i++) {
    tally_check(tally, FN(same)(*FN(at)(&answer.output, i / 3, i % 3), *FN(at)(&problem.values, 7, i % 3)), i / 3, i % 3);
  }
  fenced_release(mark);
}

static void FN(check_fused_edges)(const FUSED *fused, KernelSet set, Tally *tally) {
  FN(check_exp2)(fused, set, tally);
  FN(check_row_edges)(fused, 2, tally);
  FN(check_row_edges)(fused, fused->width, tally);
}
