/* Rules for a tile of scores, and what they make of a score, element by element. */

/* Rules of a kind: some biases -inf, a third of the elements masked, ranges that are empty, whole and partial. */
static RULES FN(make_rules)(RuleCase kind, size_t rows, size_t cols, bool at_end, Numbers *numbers) {
  RULES rules = {0};
  const size_t stored = kind.shared ? 1 : rows, gap = kind.shared ? 0 : 2;
  if (kind.softcap) rules.softcap = (T)2.5;
  if (kind.bias) {
    FN(Matrix) bias = FN(random_matrix)(stored, cols, gap, at_end, -3, 3, numbers);
    for (size_t i = 0; i < stored * cols; i++) {
      if (i % 13 == 5) *FN(at)(&bias, i / cols, i % cols) = -INFINITY;
    }
    rules.bias = bias.base;
    rules.bias_stride = kind.shared ? 0 : (ptrdiff_t)bias.ld;
  }
  if (kind.keep) {
    const uint8_t choices[] = {0, 1, 255};
    const size_t count = stored * (cols + gap);
    uint8_t *keep = fenced(count, at_end);
    for (size_t i = 0; i < count; i++) keep[i] = choices[number_bits(numbers) % 3];
    rules.keep = keep;
    rules.keep_stride = kind.shared ? 0 : (ptrdiff_t)(cols + gap);
  }
  if (kind.ranges) {
    int32_t *first = fenced(rows * sizeof *first, at_end), *end = fenced(rows * sizeof *end, at_end);
    for (size_t r = 0; r < rows; r++) {
      first[r] = (int32_t)(number_bits(numbers) % (cols + 1));
      end[r] = (int32_t)(r % 3 == 0 ? cols : number_bits(numbers) % (cols + 1));
    }
    first[rows - 1] = 0;
    end[0] = -3;
    rules.first = first;
    rules.end = end;
  }
  return rules;
}

/* Whether a place is attended; its score after the rules if so. */
static bool FN(apply)(const RULES *rules, size_t row, size_t col, WIDE *score) {
  if (!rules) return true;
  if (rules->first && (int32_t)col < rules->first[row]) return false;
  if (rules->end && (int32_t)col >= rules->end[row]) return false;
  if (rules->keep && rules->keep[(ptrdiff_t)row * rules->keep_stride + (ptrdiff_t)col] == 0) return false;
  if (rules->softcap > 0) *score = rules->softcap * WIDE_TANH(*score / rules->softcap);
  if (rules->bias) {
    const T bias = rules->bias[(ptrdiff_t)row * rules->bias_stride + (ptrdiff_t)col];
    if (bias == -INFINITY) return false;
    *score += bias;
  }
  return true;
}

/* A tile after the rules. */
typedef struct FN(Scores) {
  const FN(Matrix) *input;
  const RULES *rules;
  WIDE largest; /* magnitude */
} FN(Scores);

static bool FN(score)(const FN(Scores) *s, size_t row, size_t col, WIDE *score) {
  *score = *FN(at)(s->input, row, col);
  return FN(apply)(s->rules, row, col, score);
}

static FN(Scores) FN(scores_of)(const FN(Matrix) *input, const RULES *rules) {
  FN(Scores) s = {input, rules, 0};
  for (size_t r = 0; r < input->rows; r++) {
    for (size_t c = 0; c < input->cols; c++) {
      WIDE x;
      if (FN(score)(&s, r, c, &x) && WIDE_ABS(x) > s.largest) s.largest = WIDE_ABS(x);
    }
  }
  return s;
}

/* The greatest score of a row; -inf where there is none. */
static WIDE FN(maximum_of)(const FN(Scores) *s, size_t row) {
  WIDE maximum = -INFINITY, x;
  for (size_t c = 0; c < s->input->cols; c++) {
    if (FN(score)(s, row, c, &x) && x > maximum) maximum = x;
  }
  return maximum;
}

/* The sum of e^(score - shift) over a row. */
static WIDE FN(sum_of)(const FN(Scores) *s, size_t row, WIDE shift) {
  WIDE sum = 0, x;
  for (size_t c = 0; c < s->input->cols; c++) {
    if (FN(score)(s, row, c, &x)) sum += WIDE_EXP(x - shift);
  }
  return sum;
}

/* How far a score may be off: of the softcap 4 ULP of tanh and one of each product and quotient, of the bias half a ULP of
 * the sum. */
static double FN(score_bound)(const FN(Scores) *s) {
  const double cap = s->rules && s->rules->softcap > 0 ? 6 * (double)EPSILON * (double)s->rules->softcap : 0;
  return cap + (s->rules && s->rules->bias ? (double)EPSILON * (double)s->largest / 2 : 0);
}

/* How far e^(score - maximum) may be off, relatively: both scores, half a ULP of their difference (`gap` at most), 2 of exp. */
static double FN(exponential_bound)(const FN(Scores) *s, double gap) {
  return 2 * FN(score_bound)(s) + (double)EPSILON * (gap / 2 + 2);
}

/* How far a sum of them may be off, relatively, in 8 partial sums or more. */
static double FN(sum_bound)(const FN(Scores) *s, double gap) {
  return FN(exponential_bound)(s, gap) + (double)EPSILON * ((double)s->input->cols / 8 + 4) / 2;
}
