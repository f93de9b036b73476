/* exp, softcap, dot, axpy, all_finite. */

enum { FN(BATCH) = 4096 };

/* A function of one element, over numbers of a kind, in ULP of its bound. */
static void FN(check_function)(void (*function)(const T *, T *, size_t), WIDE (*exact)(WIDE), const T *x, size_t count,
                               double bound, Tally *tally) {
  T y[FN(BATCH)];
  for (size_t start = 0; start < count; start += FN(BATCH)) {
    const size_t part = count - start < FN(BATCH) ? count - start : FN(BATCH);
    function(x + start, y, part);
    for (size_t i = 0; i < part; i++) tally_error(tally, FN(ulps)(y[i], exact(x[start + i])) / bound, start + i, 0);
  }
}

/* Numbers of all signs and exponents, subnormals, infinities and NaN among them; and as many between low and high. */
static size_t FN(samples)(T *x, size_t most, double low, double high, uint64_t seed) {
  Numbers numbers = {seed};
  for (size_t i = 0; i < most; i += 2) {
    x[i] = FN(of_bits)((BITS)(number_bits(&numbers) >> (64 - 8 * sizeof(BITS))));
    x[i + 1] = (T)number_between(&numbers, low, high);
  }
  return most;
}

static void FN(check_exp)(const KERNELS *k, KernelSet set, Tally *tally) {
  const double bound = set == KernelSetPlain ? 1.25 : 1;
  const size_t mark = fenced_mark();
  T *x = fenced(60000 * sizeof(T), true);
  tally_about(tally, "exp over its range");
  FN(check_function)(k->exp, WIDE_EXP, x, FN(samples)(x, 60000, IS_SINGLE ? -105 : -750, IS_SINGLE ? 90 : 715, 3), bound, tally);
  tally_about(tally, "exp near its ends");
  FN(check_function)(k->exp, WIDE_EXP, x, FN(samples)(x, 10000, IS_SINGLE ? -104 : -746, IS_SINGLE ? -87 : -700, 5), bound, tally);
  FN(check_function)(k->exp, WIDE_EXP, x, FN(samples)(x, 10000, -1, 1, 7), bound, tally);
  const T special[] = {0, -(T)0, -INFINITY, INFINITY, NAN, GREATEST, -GREATEST}, expected[] = {1, 1, 0, INFINITY, NAN, INFINITY, 0};
  T y[COUNT(special)];
  tally_about(tally, "exp of special numbers");
  k->exp(special, y, COUNT(special));
  for (size_t i = 0; i < COUNT(special); i++) tally_check(tally, FN(same)(y[i], expected[i]), i, 0);
  fenced_release(mark);
}

/* Every count gives what one element at a time gives, in place or not, and nothing else is touched. */
static void FN(check_exp_counts)(const KERNELS *k, Tally *tally) {
  Numbers numbers = {11};
  for (size_t n = 0; n < COUNT(remainder_counts); n++) {
    const size_t mark = fenced_mark(), count = remainder_counts[n];
    for (int at_end = 0; at_end < 2; at_end++) {
      tally_about(tally, "exp of %zu elements", count);
      FN(Matrix) x = FN(random_matrix)(1, count, 0, at_end, -110, 90, &numbers);
      FN(Matrix) y = FN(matrix)(1, count, 0, !at_end), single = FN(matrix)(1, count, 0, at_end);
      for (size_t i = 0; i < count; i++) k->exp(x.base + i, single.base + i, 1);
      k->exp(x.base, y.base, count);
      FN(compare)(tally, &y, 0, &single);
      k->exp(x.base, x.base, count);
      FN(compare)(tally, &x, 0, &single);
      tally_check(tally, FN(is_intact)(&x) && FN(is_intact)(&y), 0, 0);
    }
    fenced_release(mark);
  }
}

static void FN(check_softcap)(const KERNELS *k, Tally *tally) {
  const size_t mark = fenced_mark();
  T *x = fenced(20000 * sizeof(T), true), *y = fenced(20000 * sizeof(T), true);
  for (int wide = 0; wide < 2; wide++) {
    tally_about(tally, "softcap 1, scores to %d", wide ? 22 : 1);
    const size_t count = FN(samples)(x, 20000, wide ? -22 : -1, wide ? 22 : 1, 13);
    memcpy(y, x, count * sizeof(T));
    k->softcap(y, 1, count, count, 1);
    for (size_t i = 0; i < count; i++) tally_error(tally, FN(ulps)(y[i], WIDE_TANH(x[i])) / 4, i, 0);
  }
  T special[] = {0, -(T)0, INFINITY, -INFINITY, NAN, GREATEST, -GREATEST};
  const T expected[] = {0, -(T)0, 50, -50, NAN, 50, -50};
  tally_about(tally, "softcap of special numbers");
  k->softcap(special, 1, COUNT(special), COUNT(special), 50);
  for (size_t i = 0; i < COUNT(special); i++) tally_check(tally, FN(same)(special[i], expected[i]), i, 0);
  fenced_release(mark);

  Numbers numbers = {17};
  for (size_t n = 0; n < COUNT(remainder_counts); n++) {
    const size_t cols = remainder_counts[n];
    tally_about(tally, "softcap 3, %zu columns", cols);
    FN(Matrix) s = FN(random_matrix)(3, cols, cols % 3, cols % 2, -6, 6, &numbers), input = FN(copy)(&s);
    k->softcap(s.base, 3, cols, s.ld, 3);
    tally_check(tally, FN(is_intact)(&s), 0, 0);
    for (size_t r = 0; r < 3; r++) {
      for (size_t c = 0; c < cols; c++) {
        /* 4 ULP of tanh, half a ULP of quotient and product each, which may be an ULP of another binade. */
        const WIDE exact = 3 * WIDE_TANH((WIDE)*FN(at)(&input, r, c) / 3);
        tally_error(tally, FN(ulps)(*FN(at)(&s, r, c), exact) / 6, r, c);
      }
    }
    fenced_release(mark);
  }
}

/* A dot product by its bound for any order, n*u*sum |x*y| (Higham 2002, section 3.1); axpy rounded once or twice. */
static void FN(check_products)(const KERNELS *k, Tally *tally) {
  Numbers numbers = {19};
  const T a = (T)-1.7;
  for (size_t n = 0; n < COUNT(remainder_counts); n++) {
    const size_t mark = fenced_mark(), count = remainder_counts[n];
    for (int at_end = 0; at_end < 2; at_end++) {
      FN(Matrix) x = FN(random_matrix)(1, count, 0, at_end, -1, 1, &numbers);
      FN(Matrix) y = FN(random_matrix)(1, count, 0, n % 3 == 0, -1, 1, &numbers), before = FN(copy)(&y);
      tally_about(tally, "dot of %zu elements", count);
      WIDE exact = 0, magnitude = 0;
      for (size_t i = 0; i < count; i++) {
        exact += (WIDE)x.base[i] * y.base[i];
        magnitude += WIDE_ABS((WIDE)x.base[i] * y.base[i]);
      }
      const T dot = k->dot(x.base, y.base, count);
      if (count == 0) {
        tally_check(tally, dot == 0, 0, 0);
      } else {
        tally_error(tally, (double)(WIDE_ABS(dot - exact) / ((WIDE)count * EPSILON / 2 * magnitude)), 0, 0);
      }
      tally_about(tally, "axpy of %zu elements", count);
      k->axpy(a, x.base, y.base, count);
      for (size_t i = 0; i < count; i++) {
        const T product = a * x.base[i], separate = before.base[i] + product;
        tally_check(tally, y.base[i] == FMA(a, x.base[i], before.base[i]) || y.base[i] == separate, 0, i);
      }
      tally_check(tally, FN(is_intact)(&x) && FN(is_intact)(&y), 0, 0);
    }
    fenced_release(mark);
  }
}

/* NaN and infinity are seen at every place of the matrix and nowhere else. */
static void FN(check_all_finite)(const KERNELS *k, Tally *tally) {
  const T bad[] = {NAN, INFINITY, -INFINITY};
  const size_t counts[] = {0, 1, 3, 8, 15, 17, 35, 67};
  for (size_t n = 0; n < COUNT(counts); n++) {
    const size_t mark = fenced_mark(), cols = counts[n];
    tally_about(tally, "all_finite, %zu columns", cols);
    FN(Matrix) x = FN(matrix)(2, cols, 2, n % 2);
    for (size_t c = 0; c < 2 * cols; c++) *FN(at)(&x, c / cols, c % cols) = c % 2 ? GREATEST : -GREATEST;
    *FN(at)(&x, 0, cols) = NAN;
    tally_check(tally, k->all_finite(x.base, 2, cols, x.ld), 0, 0);
    for (size_t i = 0; i < 2 * cols * COUNT(bad); i++) {
      T *place = FN(at)(&x, i / COUNT(bad) / cols, i / COUNT(bad) % cols);
      const T kept = *place;
      *place = bad[i % COUNT(bad)];
      tally_check(tally, !k->all_finite(x.base, 2, cols, x.ld), i / COUNT(bad) / cols, i / COUNT(bad) % cols);
      *place = kept;
    }
    fenced_release(mark);
  }
}

static void FN(check_elements)(const KERNELS *k, KernelSet set, Tally *tally) {
  FN(check_exp)(k, set, tally);
  FN(check_exp_counts)(k, tally);
  FN(check_softcap)(k, tally);
  FN(check_products)(k, tally);
  FN(check_all_finite)(k, tally);
}
