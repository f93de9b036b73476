/* few_rows: against sums in the wider type, and each result alone, bit by bit. */

/* The bound is that of a recursive sum, n*u*sum |x*w| (Higham 2002, section 3.1), with factor, addend and its factor as three
 * further roundings. */
static void FN(check_few_rows)(const KERNELS *k, Tally *tally) {
  const size_t rows_of[] = {1, 2, 3, 4, 6, 7, 13}, features_of[] = {1, 3, 4, 5, 8, 11, 22}, sizes[] = {0, 1, 5, 16, 31, 67, 769};
  const T alpha = (T)-1.375, beta = (T)0.75;
  Numbers numbers = {53};
  for (size_t n = 0; n < COUNT(rows_of) * COUNT(features_of) * COUNT(sizes); n++) {
    const size_t mark = fenced_mark(), rows = rows_of[n % COUNT(rows_of)];
    const size_t features = features_of[n / COUNT(rows_of) % COUNT(features_of)];
    const size_t size = sizes[n / COUNT(rows_of) / COUNT(features_of)];
    tally_about(tally, "few_rows, %zu x %zu of %zu", rows, features, size);
    const FN(Matrix) x = FN(random_matrix)(rows, size, n % 3, n % 2, -1, 1, &numbers);
    const FN(Matrix) w = FN(random_matrix)(features, size, n % 2, n % 3 == 0, -1, 1, &numbers);
    const FN(Matrix) bias = FN(random_matrix)(1, features, 0, n % 2, -1, 1, &numbers);
    FN(Matrix) y = FN(matrix)(rows, features, n % 4, n % 5 == 0), own = FN(copy)(&y);
    k->few_rows(rows, features, size, alpha, x.base, x.ld, w.base, w.ld, beta, bias.base, 0, y.base, y.ld);
    for (size_t r = 0; r < rows; r++) {
      for (size_t f = 0; f < features; f++) {
        WIDE exact = 0, magnitude = 0;
        for (size_t i = 0; i < size; i++) {
          const WIDE term = (WIDE)*FN(at)(&x, r, i) * *FN(at)(&w, f, i);
          exact += term;
          magnitude += WIDE_ABS(term);
        }
        exact = (WIDE)alpha * exact + (WIDE)beta * bias.base[f];
        magnitude = WIDE_ABS((WIDE)alpha) * magnitude + WIDE_ABS((WIDE)beta * bias.base[f]);
        const WIDE bound = (WIDE)(size + 3) * EPSILON / 2 * magnitude;
        tally_error(tally, (double)(WIDE_ABS(*FN(at)(&y, r, f) - exact) / bound), r, f);
        T alone = bias.base[f];
        k->few_rows(1, 1, size, alpha, FN(at)(&x, r, 0), x.ld, FN(at)(&w, f, 0), w.ld, beta, &alone, 1, &alone, 1);
        tally_check(tally, FN(same)(alone, *FN(at)(&y, r, f)), r, f);
      }
    }
    /* An addend of its own for each result, which is where the result goes. */
    FN(Matrix) sum = FN(copy)(&y);
    for (size_t r = 0; r < rows; r++) {
      for (size_t f = 0; f < features; f++) *FN(at)(&sum, r, f) = bias.base[f] + (T)r;
    }
    const FN(Matrix) before = FN(copy)(&sum);
    k->few_rows(rows, features, size, alpha, x.base, x.ld, w.base, w.ld, beta, sum.base, sum.ld, sum.base, sum.ld);
    for (size_t r = 0; r < rows; r++) {
      for (size_t f = 0; f < features; f++) {
        T alone = *FN(at)(&before, r, f);
        k->few_rows(1, 1, size, alpha, FN(at)(&x, r, 0), x.ld, FN(at)(&w, f, 0), w.ld, beta, &alone, 1, &alone, 1);
        tally_check(tally, FN(same)(alone, *FN(at)(&sum, r, f)), r, f);
      }
    }
    /* Without an addend what stood there has no part. */
    for (size_t r = 0; r < rows; r++) *FN(at)(&own, r, 0) = NAN;
    k->few_rows(rows, features, size, 1, x.base, x.ld, w.base, w.ld, 1, NULL, 0, own.base, own.ld);
    for (size_t r = 0; r < rows; r++) tally_check(tally, !isnan(*FN(at)(&own, r, 0)), r, 0);
    tally_check(tally, FN(is_intact)(&y) && FN(is_intact)(&own) && FN(is_intact)(&x) && FN(is_intact)(&w), 0, 0);
    fenced_release(mark);
  }
}
