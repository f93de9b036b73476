/* Numbers of 16 bits, against their definitions in arithmetic of numbers, without shifts. */

/* A kind of them: digits with the leading one, the exponent of the last digit of the smallest normal number, and the bits of
 * infinity. */
typedef struct FN(Half) {
  int digits, smallest;
  uint16_t infinity;
} FN(Half);

static const FN(Half) FN(binary16) = {11, -24, 0x7C00}, FN(bfloat16) = {8, -133, 0x7F80};

static double FN(half_value)(FN(Half) kind, uint16_t word) {
  const int exponent = (word & 0x7FFF) >> (kind.digits - 1), fraction = word & ((1 << (kind.digits - 1)) - 1);
  const double sign = word & 0x8000 ? -1 : 1;
  if ((word & 0x7FFF) > kind.infinity) return NAN;
  if ((word & 0x7FFF) == kind.infinity) return sign * INFINITY;
  if (exponent == 0) return sign * ldexp(fraction, kind.smallest);
  return sign * ldexp(fraction + (1 << (kind.digits - 1)), kind.smallest + exponent - 1);
}

/* The nearest one, ties to even. NaN: quiet, with the upper bits of its payload. */
static uint16_t FN(nearest_half)(FN(Half) kind, T x) {
  const uint16_t sign = signbit(x) ? 0x8000 : 0;
  if (isnan(x)) {
    BITS bits;
    memcpy(&bits, &x, sizeof bits);
    const uint16_t payload = (uint16_t)(bits >> (DIGITS - kind.digits)) & (uint16_t)((1 << (kind.digits - 1)) - 1);
    return sign | kind.infinity | payload | (uint16_t)(1 << (kind.digits - 2));
  }
  if (isinf(x)) return sign | kind.infinity;
  if (x == 0) return sign;
  int last = ilogb((double)x) - (kind.digits - 1);
  if (last < kind.smallest) last = kind.smallest;
  /* A whole number of last places; rint rounds ties to even. 0, or one binade up, is right by the order of words. */
  const double places = rint(ldexp(fabs((double)x), -last));
  const double word = places + ldexp(last - kind.smallest, kind.digits - 1);
  return sign | (word >= kind.infinity ? kind.infinity : (uint16_t)word);
}

static void FN(check_widening)(const KERNELS *k, Tally *tally) {
  const size_t mark = fenced_mark(), count = 65536;
  uint16_t *words = fenced(count * sizeof *words, true);
  T *wide = fenced(count * sizeof *wide, true);
  for (size_t i = 0; i < count; i++) words[i] = (uint16_t)i;
  for (int kind = 0; kind < 2; kind++) {
    tally_about(tally, kind ? "widen_bf16" : "widen_f16");
    (kind ? k->widen_bf16 : k->widen_f16)(words, wide, count);
    for (size_t i = 0; i < count; i++) {
      const double exact = FN(half_value)(kind ? FN(bfloat16) : FN(binary16), words[i]);
      tally_check(tally, FN(same)(wide[i], (T)exact) && !signbit(wide[i]) == !(words[i] & 0x8000), i, 0);
    }
  }
  fenced_release(mark);
}

static void FN(narrow_and_compare)(const KERNELS *k, const T *x, size_t count, Tally *tally) {
  uint16_t words[FN(BATCH)];
  k->narrow_f16(x, words, count);
  for (size_t i = 0; i < count; i++) tally_check(tally, words[i] == FN(nearest_half)(FN(binary16), x[i]), i, 16);
  k->narrow_bf16(x, words, count);
  for (size_t i = 0; i < count; i++) tally_check(tally, words[i] == FN(nearest_half)(FN(bfloat16), x[i]), i, 8);
}

/* Every number and every tie of either kind, their neighbours, and numbers of all exponents. */
static void FN(check_narrowing)(const KERNELS *k, Tally *tally) {
  T x[FN(BATCH)];
  for (int kind = 0; kind < 2; kind++) {
    const FN(Half) half = kind ? FN(bfloat16) : FN(binary16);
    tally_about(tally, kind ? "narrowing around bfloat16" : "narrowing around binary16");
    for (uint32_t word = 0; word < half.infinity; word += 512) {
      size_t count = 0;
      for (uint32_t w = word; w < word + 512 && w < half.infinity; w++) {
        const double low = FN(half_value)(half, (uint16_t)w), high = FN(half_value)(half, (uint16_t)(w + 1));
        const T tie = (T)(isinf(high) ? low + (low - FN(half_value)(half, (uint16_t)(w - 1))) / 2 : low + (high - low) / 2);
        x[count++] = (T)low;
        x[count++] = -tie;
        x[count++] = NEXT(tie, 0);
        x[count++] = NEXT(tie, INFINITY);
      }
      FN(narrow_and_compare)(k, x, count, tally);
    }
  }
  tally_about(tally, "narrowing numbers of all exponents");
  Numbers numbers = {23};
  for (int round = 0; round < 12; round++) {
    for (size_t i = 0; i < FN(BATCH); i++) x[i] = FN(of_bits)((BITS)(number_bits(&numbers) >> (64 - 8 * sizeof(BITS))));
    for (size_t i = 0; i < FN(BATCH); i += 2) x[i] = (T)ldexp((double)number_between(&numbers, -2, 2), (int)(i % 60) - 40);
    FN(narrow_and_compare)(k, x, FN(BATCH), tally);
  }
}

/* Whatever the count, all of it is converted and nothing beyond. */
static void FN(check_half_counts)(const KERNELS *k, Tally *tally) {
  for (size_t n = 0; n < COUNT(remainder_counts); n++) {
    const size_t count = remainder_counts[n];
    for (int pass = 0; pass < 4; pass++) {
      const size_t mark = fenced_mark();
      const bool at_end = pass % 2, is_half = pass / 2;
      tally_about(tally, "%s of %zu elements", is_half ? "binary16" : "bfloat16", count);
      uint16_t *words = fenced(count * sizeof *words, at_end), *back = fenced((count + 40) * sizeof *back, !at_end);
      FN(Matrix) wide = FN(matrix)(1, count, 0, at_end);
      for (size_t i = 0; i < count; i++) words[i] = (uint16_t)(0x3C00 + i);
      memset(back, 0xAA, (count + 40) * sizeof *back);
      (is_half ? k->widen_f16 : k->widen_bf16)(words, wide.base, count);
      (is_half ? k->narrow_f16 : k->narrow_bf16)(wide.base, back, count);
      for (size_t i = 0; i < count + 40; i++) tally_check(tally, back[i] == (i < count ? words[i] : 0xAAAA), 0, i);
      tally_check(tally, FN(is_intact)(&wide), 0, 0);
      /* Up to the fence. */
      (is_half ? k->narrow_f16 : k->narrow_bf16)(wide.base, words, count);
      fenced_release(mark);
    }
  }
}

static void FN(check_halves)(const KERNELS *k, Tally *tally) {
  FN(check_widening)(k, tally);
  FN(check_narrowing)(k, tally);
  FN(check_half_counts)(k, tally);
}
