/* mask, weights, log_sum_exp, scale_rows, divide_rows. */

/* s + bias, rounded once, where attended; -inf elsewhere; the softcap of the rules is ignored. */
static void FN(check_mask)(const KERNELS *k, RuleCase kind, Tally *tally) {
  Numbers numbers = {29};
  for (size_t n = 0; n < COUNT(remainder_counts); n++) {
    const size_t mark = fenced_mark(), rows = 3, cols = remainder_counts[n];
    tally_about(tally, "mask, %zu columns", cols);
    FN(Matrix) s = FN(random_matrix)(rows, cols, n % 5, n % 2, -6, 6, &numbers), input = FN(copy)(&s);
    const RULES rules = FN(make_rules)(kind, rows, cols, n % 2, &numbers);
    RULES uncapped = rules;
    uncapped.softcap = 0;
    k->mask(s.base, rows, cols, s.ld, &rules);
    tally_check(tally, FN(is_intact)(&s), 0, 0);
    for (size_t r = 0; r < rows; r++) {
      for (size_t c = 0; c < cols; c++) {
        WIDE score = *FN(at)(&input, r, c);
        const T expected = FN(apply)(&uncapped, r, c, &score) ? (T)score : -INFINITY;
        tally_check(tally, *FN(at)(&s, r, c) == expected, r, c);
      }
    }
    fenced_release(mark);
  }
}

/* e^(s - maximum) / sum, with 3 roundings besides exp's. Row 1 has nothing. */
static void FN(check_weights)(const KERNELS *k, Tally *tally) {
  Numbers numbers = {31};
  for (size_t n = 0; n < COUNT(remainder_counts); n++) {
    const size_t mark = fenced_mark(), rows = 3, cols = remainder_counts[n];
    tally_about(tally, "weights, %zu columns", cols);
    FN(Matrix) s = FN(random_matrix)(rows, cols, n % 3, n % 2, -6, 6, &numbers);
    for (size_t c = 0; c < cols; c += 3) *FN(at)(&s, 2, c) = -INFINITY;
    const FN(Matrix) input = FN(copy)(&s);
    const T maximum[] = {(T)6.25, -INFINITY, (T)5.75}, sum[] = {(T)3.1, 0, (T)7.7};
    k->weights(s.base, rows, cols, s.ld, maximum, sum);
    tally_check(tally, FN(is_intact)(&s), 0, 0);
    for (size_t r = 0; r < rows; r++) {
      for (size_t c = 0; c < cols; c++) {
        const T score = *FN(at)(&input, r, c), weight = *FN(at)(&s, r, c);
        if (sum[r] == 0 || score == -INFINITY) {
          tally_check(tally, weight == 0, r, c);
        } else {
          const WIDE exact = WIDE_EXP((WIDE)score - maximum[r]) / sum[r];
          tally_error(tally, (double)(WIDE_ABS(weight - exact) / exact / (EPSILON * (13.0 / 2 + 2 + 2))), r, c);
        }
      }
    }
    fenced_release(mark);
  }
}

static void FN(check_log_sum_exp)(const KERNELS *k, Tally *tally) {
  Numbers numbers = {37};
  for (size_t count = 0; count <= 67; count++) {
    const size_t mark = fenced_mark();
    tally_about(tally, "log_sum_exp of %zu rows", count);
    FN(Matrix) maximum = FN(random_matrix)(1, count, 0, count % 2, -50, 50, &numbers);
    FN(Matrix) sum = FN(random_matrix)(1, count, 0, count % 2, 1, 900, &numbers), out = FN(matrix)(1, count, 0, true);
    for (size_t i = 0; i < count; i += 5) {
      maximum.base[i] = -INFINITY;
      sum.base[i] = i % 2 ? NAN : 0;
    }
    k->log_sum_exp(maximum.base, sum.base, out.base, count);
    tally_check(tally, FN(is_intact)(&out), 0, 0);
    for (size_t i = 0; i < count; i++) {
      if (i % 5 == 0) {
        tally_check(tally, FN(same)(out.base[i], i % 2 ? NAN : -INFINITY), i, 0);
      } else {
        const WIDE logarithm = WIDE_LOG(sum.base[i]), exact = maximum.base[i] + logarithm;
        tally_error(tally, (double)(WIDE_ABS(out.base[i] - exact) / (EPSILON * (logarithm + WIDE_ABS(exact)))), i, 0);
      }
    }
    fenced_release(mark);
  }
}

/* Products and quotients are rounded once: C's own. Row 1's factor, 1, leaves even a NaN's bits alone. */
static void FN(check_scaling)(const KERNELS *k, Tally *tally) {
  Numbers numbers = {41};
  const T factor[] = {(T)0.3, 1, 0, -7, NAN};
  const size_t rows = COUNT(factor);
  for (size_t n = 0; n < COUNT(remainder_counts); n++) {
    const size_t mark = fenced_mark(), cols = remainder_counts[n];
    FN(Matrix) x = FN(random_matrix)(rows, cols, n % 3, n % 2, -6, 6, &numbers), scaled = FN(copy)(&x);
    FN(Matrix) quotient = FN(matrix)(rows, cols, 2, n % 2), in_place = FN(copy)(&x);
    tally_about(tally, "scale_rows, %zu columns", cols);
    k->scale_rows(scaled.base, rows, cols, scaled.ld, factor);
    for (size_t r = 0; r < rows; r++) {
      for (size_t c = 0; c < cols; c++) {
        tally_check(tally, FN(same)(*FN(at)(&scaled, r, c), *FN(at)(&x, r, c) * factor[r]), r, c);
      }
    }
    tally_about(tally, "divide_rows, %zu columns", cols);
    k->divide_rows(x.base, rows, cols, x.ld, factor, quotient.base, quotient.ld);
    k->divide_rows(in_place.base, rows, cols, in_place.ld, factor, in_place.base, in_place.ld);
    for (size_t r = 0; r < rows; r++) {
      for (size_t c = 0; c < cols; c++) {
        const T expected = factor[r] == 0 ? 0 : *FN(at)(&x, r, c) / factor[r];
        tally_check(tally, FN(same)(*FN(at)(&quotient, r, c), expected), r, c);
      }
    }
    FN(compare)(tally, &quotient, 0, &in_place);
    tally_check(tally, FN(is_intact)(&scaled) && FN(is_intact)(&quotient) && FN(is_intact)(&x), 0, 0);
    fenced_release(mark);
  }
  T payload[2];
  memset(payload, 0xFA, sizeof payload);
  T kept[2] = {payload[0], payload[1]};
  k->scale_rows(kept, 1, 2, 2, &factor[1]);
  tally_check(tally, memcmp(kept, payload, sizeof kept) == 0, 1, 0);
}

static void FN(check_rows)(const KERNELS *k, Tally *tally) {
  for (size_t kind = 0; kind < RULE_CASES; kind++) FN(check_mask)(k, rule_case(kind), tally);
  FN(check_weights)(k, tally);
  FN(check_log_sum_exp)(k, tally);
  FN(check_scaling)(k, tally);
}
