/* packed_product: against sums in the wider type, and each result alone, bit by bit. */

/* The bound is that of a recursive sum, n*u*sum |x*w| (Higham 2002, section 3.1), the bias as a further term. */
static void FN(check_packed_product)(const KERNELS *k, Tally *tally) {
  const size_t rows_of[] = {1, 2, 3, 5, 6, 7, 11, 12, 13, 97}, features_of[] = {1, 7, 16, 33}, firsts[] = {0, 5};
  const size_t sizes[] = {0, 1, 4, 31, 385, 769};
  const size_t few = COUNT(rows_of) * COUNT(features_of) * COUNT(firsts);
  Numbers numbers = {61};
  for (size_t n = 0; n < few * COUNT(sizes); n++) {
    const size_t mark = fenced_mark(), rows = rows_of[n % COUNT(rows_of)], size = sizes[n / few];
    const size_t features = features_of[n / COUNT(rows_of) % COUNT(features_of)];
    const size_t first = firsts[n / COUNT(rows_of) / COUNT(features_of) % COUNT(firsts)], all = first + features;
    tally_about(tally, "packed_product, %zu x %zu from %zu of %zu", rows, features, first, size);
    const FN(Matrix) x = FN(random_matrix)(rows, size, n % 3, n % 2, -1, 1, &numbers);
    const FN(Matrix) w = FN(random_matrix)(all, size, n % 2, n % 3 == 0, -1, 1, &numbers);
    const FN(Matrix) bias = FN(random_matrix)(1, features, 0, n % 2, -1, 1, &numbers);
    FN(Matrix) panels = FN(matrix)(1, k->packed_size(all, size), 0, n % 2), y = FN(matrix)(rows, features, n % 4, n % 5 == 0);
    k->pack(w.base, w.ld, all, size, panels.base);
    k->packed_product(rows, first, features, size, x.base, x.ld, panels.base, bias.base, y.base, y.ld);
    for (size_t r = 0; r < rows; r++) {
      for (size_t f = 0; f < features; f++) {
        WIDE exact = bias.base[f], magnitude = WIDE_ABS(exact);
        for (size_t i = 0; i < size; i++) {
          const WIDE term = (WIDE)*FN(at)(&x, r, i) * *FN(at)(&w, first + f, i);
          exact += term;
          magnitude += WIDE_ABS(term);
        }
        const WIDE bound = (WIDE)(size + 1) * EPSILON / 2 * magnitude;
        tally_error(tally, (double)(WIDE_ABS(*FN(at)(&y, r, f) - exact) / bound), r, f);
        if (r % 5 > 0) continue;
        T alone = 0;
        k->packed_product(1, first + f, 1, size, FN(at)(&x, r, 0), x.ld, panels.base, &bias.base[f], &alone, 1);
        tally_check(tally, FN(same)(alone, *FN(at)(&y, r, f)), r, f);
      }
    }
    tally_check(tally, FN(is_intact)(&y) && FN(is_intact)(&panels) && FN(is_intact)(&x) && FN(is_intact)(&w), 0, 0);
    fenced_release(mark);
  }
}
