/* Softcap, bias and mask on rows of scores. */

/* The attended range of one row; bias and keep begin where it begins. */
typedef struct FN(RowRules) {
  size_t begin;
  size_t count;
  T softcap;
  const T *bias;
  const uint8_t *keep;
} FN(RowRules);

INLINE FN(RowRules) FN(row_rules)(const RULES *rules, size_t row, size_t cols) {
  ptrdiff_t limit = (ptrdiff_t)cols;
  ptrdiff_t begin = rules->first ? rules->first[row] : 0;
  ptrdiff_t end = rules->end ? rules->end[row] : limit;
  if (begin < 0) begin = 0;
  if (end > limit) end = limit;
  if (begin >= end) return (FN(RowRules)){0};
  return (FN(RowRules)){
      .begin = (size_t)begin,
      .count = (size_t)(end - begin),
      .softcap = rules->softcap,
      .bias = rules->bias ? rules->bias + (ptrdiff_t)row * rules->bias_stride + begin : NULL,
      .keep = rules->keep ? rules->keep + (ptrdiff_t)row * rules->keep_stride + begin : NULL,
  };
}

INLINE void FN(fill)(T *p, size_t count, T value) {
  for (size_t i = 0; i < count; i += LANES) FN(store_up_to)(p + i, count - i, (V)value);
}

/* Writes value to the cols elements of a row that its range leaves out. */
INLINE void FN(fill_outside)(T *row, size_t cols, const FN(RowRules) *rules, T value) {
  FN(fill)(row, rules->begin, value);
  size_t end = rules->begin + rules->count;
  FN(fill)(row + end, cols - end, value);
}

/* The greatest of count elements; NaN is passed over, -inf where there is nothing else. */
static T FN(row_maximum)(const T *x, size_t count) {
  V top[4] = {(V)NEGATIVE_INFINITY, (V)NEGATIVE_INFINITY, (V)NEGATIVE_INFINITY, (V)NEGATIVE_INFINITY};
  size_t i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES) {
    for (size_t k = 0; k < 4; k++) top[k] = FN(greater)(FN(load)(x + i + k * LANES), top[k]);
  }
  for (; i < count; i += LANES) {
    top[0] = FN(greater)(FN(load_up_to)(x + i, count - i, NEGATIVE_INFINITY), top[0]);
  }
  return FN(maximum_of_lanes)(FN(greater)(FN(greater)(top[0], top[1]), FN(greater)(top[2], top[3])));
}

/* Applies the rules to the attended range x, in place: masked elements become -inf by selection, whatever they and
 * their bias were. Returns the greatest element. */
static T FN(apply_rules)(T *x, const FN(RowRules) *rules) {
  const T softcap = rules->softcap;
  const T *bias = rules->bias;
  const uint8_t *keep = rules->keep;
  const size_t count = rules->count;
  if (!(softcap > 0) && !bias && !keep) return FN(row_maximum)(x, count);

  V top = (V)NEGATIVE_INFINITY;
  for (size_t i = 0; i < count; i += LANES) {
    const size_t left = count - i;
    V s = FN(load_up_to)(x + i, left, 0);
    if (softcap > 0) s = FN(softcapped)(s, softcap);
    if (bias) {
      V b = FN(load_up_to)(bias + i, left, 0);
      s = b == NEGATIVE_INFINITY ? b : s + b;
    }
    if (keep) s = FN(nonzero_bytes)(keep + i, left) ? s : (V)NEGATIVE_INFINITY;
    FN(store_up_to)(x + i, left, s);
    if (left < LANES) s = FN(load_part)(x + i, left, NEGATIVE_INFINITY);
    top = FN(greater)(s, top);
  }
  return FN(maximum_of_lanes)(top);
}

static void FN(softcap)(T *s, size_t rows, size_t cols, size_t ld, T c) {
  for (size_t r = 0; r < rows; r++) {
    T *row = s + r * ld;
    for (size_t i = 0; i < cols; i += LANES) {
      FN(store_up_to)(row + i, cols - i, FN(softcapped)(FN(load_up_to)(row + i, cols - i, 0), c));
    }
  }
}

static void FN(mask)(T *s, size_t rows, size_t cols, size_t ld, const RULES *rules) {
  for (size_t r = 0; r < rows; r++) {
    FN(RowRules) row_rules = FN(row_rules)(rules, r, cols);
    row_rules.softcap = 0;
    FN(fill_outside)(s + r * ld, cols, &row_rules, NEGATIVE_INFINITY);
    if (row_rules.bias || row_rules.keep) FN(apply_rules)(s + r * ld + row_rules.begin, &row_rules);
  }
}
