/* softmax_rows and softmax_step, by every combination of rules. */

/* The largest difference of two scores: twice 6, and twice a bias of 3. */
#define GAP 18.0

static void FN(check_softmax_rows)(const KERNELS *k, RuleCase kind, size_t rows, size_t cols, size_t gap, bool at_end,
                                   Numbers *numbers, Tally *tally) {
  tally_about(tally, "softmax_rows, rules %d%d%d%d%d, %zu columns", kind.softcap, kind.bias, kind.keep, kind.ranges,
              kind.shared, cols);
  FN(Matrix) s = FN(random_matrix)(rows, cols, gap, at_end, -6, 6, numbers), input = FN(copy)(&s);
  FN(Matrix) log_sum_exp = FN(matrix)(1, rows, 0, at_end);
  const RULES rules = FN(make_rules)(kind, rows, cols, at_end, numbers);
  const FN(Scores) scores = FN(scores_of)(&input, &rules);
  k->softmax_rows(s.base, rows, cols, s.ld, &rules, log_sum_exp.base);
  tally_check(tally, FN(is_intact)(&s) && FN(is_intact)(&log_sum_exp), 0, 0);
  const double sum_bound = FN(sum_bound)(&scores, GAP);
  const double bound = FN(exponential_bound)(&scores, GAP) + sum_bound + 2 * (double)EPSILON;
  for (size_t r = 0; r < rows; r++) {
    const WIDE maximum = FN(maximum_of)(&scores, r), sum = FN(sum_of)(&scores, r, maximum);
    const WIDE exact = maximum + WIDE_LOG(sum);
    for (size_t c = 0; c < cols; c++) {
      WIDE score;
      const T weight = *FN(at)(&s, r, c);
      if (!FN(score)(&scores, r, c, &score)) {
        tally_check(tally, weight == 0, r, c);
      } else {
        const WIDE expected = WIDE_EXP(score - exact);
        tally_error(tally, (double)(WIDE_ABS(weight - expected) / expected) / bound, r, c);
      }
    }
    if (maximum == -INFINITY) {
      tally_check(tally, log_sum_exp.base[r] == -INFINITY, r, cols);
    } else {
      const double allowed = sum_bound + FN(score_bound)(&scores) + 2 * (double)EPSILON * (1 + (double)WIDE_ABS(exact));
      tally_error(tally, (double)WIDE_ABS(log_sum_exp.base[r] - exact) / allowed, r, cols);
    }
  }
}

/* One step. Rows come with nothing, with a lower maximum than any here, with a higher one. */
static void FN(check_softmax_step)(const KERNELS *k, RuleCase kind, size_t rows, size_t cols, size_t gap, bool at_end,
                                   Numbers *numbers, Tally *tally) {
  tally_about(tally, "softmax_step, rules %d%d%d%d%d, %zu rows, %zu columns", kind.softcap, kind.bias, kind.keep,
              kind.ranges, kind.shared, rows, cols);
  FN(Matrix) s = FN(random_matrix)(rows, cols, gap, at_end, -6, 6, numbers), input = FN(copy)(&s);
  FN(Matrix) maximum = FN(matrix)(1, rows, 0, at_end), sum = FN(matrix)(1, rows, 0, at_end);
  FN(Matrix) rescale = FN(matrix)(1, rows, 0, at_end);
  const T maxima[] = {-INFINITY, (T)-9.5, (T)9.5}, sums[] = {0, (T)1.75, (T)1.75};
  for (size_t r = 0; r < rows; r++) {
    maximum.base[r] = maxima[r % 3];
    sum.base[r] = sums[r % 3];
  }
  const RULES rules = FN(make_rules)(kind, rows, cols, at_end, numbers);
  const FN(Scores) scores = FN(scores_of)(&input, &rules);
  k->softmax_step(s.base, rows, cols, s.ld, &rules, maximum.base, sum.base, rescale.base);
  tally_check(tally, FN(is_intact)(&s) && FN(is_intact)(&maximum) && FN(is_intact)(&sum) && FN(is_intact)(&rescale), 0, 0);
  const double score_bound = FN(score_bound)(&scores), bound = FN(exponential_bound)(&scores, GAP + 1);
  for (size_t r = 0; r < rows; r++) {
    const WIDE old = maxima[r % 3], own = FN(maximum_of)(&scores, r), top = own > old ? own : old;
    if (top == -INFINITY) {
      tally_check(tally, maximum.base[r] == -INFINITY && sum.base[r] == 0 && rescale.base[r] == 1, r, cols);
    } else {
      const double allowed = score_bound + (double)EPSILON * (double)WIDE_ABS(top);
      tally_error(tally, (double)WIDE_ABS(maximum.base[r] - top) / allowed, r, cols);
      const WIDE factor = old == -INFINITY ? 1 : WIDE_EXP(old - top);
      tally_error(tally, (double)(WIDE_ABS(rescale.base[r] - factor) / factor) / bound, r, cols);
      const WIDE total = sums[r % 3] * factor + FN(sum_of)(&scores, r, top);
      tally_error(tally, (double)(WIDE_ABS(sum.base[r] - total) / total) / FN(sum_bound)(&scores, GAP + 1), r, cols);
    }
    for (size_t c = 0; c < cols; c++) {
      WIDE score;
      if (!FN(score)(&scores, r, c, &score)) {
        tally_check(tally, *FN(at)(&s, r, c) == 0, r, c);
      } else {
        const WIDE expected = WIDE_EXP(score - top);
        tally_error(tally, (double)(WIDE_ABS(*FN(at)(&s, r, c) - expected) / expected) / bound, r, c);
      }
    }
  }
}

/* A NaN or +inf that is attended makes its row NaN where attended; masked ones change nothing. */
static void FN(check_poison)(const KERNELS *k, size_t cols, Tally *tally) {
  const T bad[] = {NAN, INFINITY, -INFINITY, GREATEST};
  for (size_t i = 0; i < COUNT(bad); i++) {
    for (size_t place = 0; place < cols; place += cols / 2 - 1) {
      const size_t mark = fenced_mark();
      tally_about(tally, "softmax_rows with %g at %zu of %zu", (double)bad[i], place, cols);
      Numbers numbers = {43};
      FN(Matrix) clean = FN(random_matrix)(1, cols, 0, true, -6, 6, &numbers), expected = FN(copy)(&clean);
      uint8_t *keep = fenced(cols, true);
      memset(keep, 1, cols);
      keep[place] = 0;
      RULES rules = {.keep = keep, .keep_stride = (ptrdiff_t)cols};
      k->softmax_rows(expected.base, 1, cols, cols, &rules, NULL);
      FN(Matrix) poisoned = FN(copy)(&clean), attended = FN(copy)(&clean);
      poisoned.base[place] = attended.base[place] = bad[i];
      k->softmax_rows(poisoned.base, 1, cols, cols, &rules, NULL);
      FN(compare)(tally, &poisoned, 0, &expected);
      if (i < 2) {
        k->softmax_rows(attended.base, 1, cols, cols, &(RULES){0}, NULL);
        for (size_t c = 0; c < cols; c++) tally_check(tally, isnan(attended.base[c]), 0, c);
      }
      fenced_release(mark);
    }
  }
}

static void FN(check_softmax)(const KERNELS *k, Tally *tally) {
  const size_t counts[] = {0, 1, 2, 3, 5, 7, 8, 11, 15, 16, 17, 31, 33, 47, 61, 64, 67, 127, 130};
  for (size_t bits = 0; bits < RULE_CASES; bits++) {
    Numbers numbers = {bits};
    for (size_t n = 0; n < COUNT(counts); n++) {
      const size_t mark = fenced_mark();
      FN(check_softmax_rows)(k, rule_case(bits), 5, counts[n], n % 5, n % 2, &numbers, tally);
      fenced_release(mark);
      FN(check_softmax_step)(k, rule_case(bits), n % 3 == 0 ? 19 : 3, counts[n], n % 5, n % 2, &numbers, tally);
      fenced_release(mark);
    }
  }
  /* Every remainder once more, without rules and with all of them. */
  for (size_t n = 0; n < COUNT(remainder_counts); n++) {
    for (size_t bits = 0; bits < 16; bits += 15) {
      const size_t mark = fenced_mark();
      Numbers numbers = {n};
      FN(check_softmax_rows)(k, rule_case(bits), 2, remainder_counts[n], 0, n % 2 == 0, &numbers, tally);
      fenced_release(mark);
      FN(check_softmax_step)(k, rule_case(bits), 2, remainder_counts[n], 0, n % 2 == 0, &numbers, tally);
      fenced_release(mark);
    }
  }
  FN(check_poison)(k, 5, tally);
  FN(check_poison)(k, 37, tally);
}
