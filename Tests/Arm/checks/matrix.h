/* A row-major matrix at the edge of accessible memory, with guards in its gaps and on its open side. */

#define GUARD ((T)12345)
enum { FN(MARGIN) = 70 };

typedef struct FN(Matrix) {
  T *base;
  size_t rows, cols, ld;
  bool at_end;
} FN(Matrix);

/* Where a matrix ends: its last row has no gap, so that the fence is right behind its last element. */
static size_t FN(extent)(const FN(Matrix) *m) { return m->rows == 0 ? 0 : (m->rows - 1) * m->ld + m->cols; }

/* Room for rows x cols elements, of which nothing is said. Odd extents at the end of a page are aligned to nothing but
 * their elements. */
static FN(Matrix) FN(matrix)(size_t rows, size_t cols, size_t gap, bool at_end) {
  FN(Matrix) m = {.rows = rows, .cols = cols, .ld = cols + gap, .at_end = at_end};
  const size_t count = FN(extent)(&m) + FN(MARGIN);
  T *memory = fenced(count * sizeof(T), at_end);
  for (size_t i = 0; i < count; i++) memory[i] = GUARD;
  m.base = at_end ? memory + FN(MARGIN) : memory;
  return m;
}

static T *FN(at)(const FN(Matrix) *m, size_t row, size_t col) { return m->base + row * m->ld + col; }

static void FN(fill)(FN(Matrix) *m, double low, double high, Numbers *numbers) {
  for (size_t r = 0; r < m->rows; r++) {
    for (size_t c = 0; c < m->cols; c++) *FN(at)(m, r, c) = (T)number_between(numbers, low, high);
  }
}

static FN(Matrix) FN(random_matrix)(size_t rows, size_t cols, size_t gap, bool at_end, double low, double high,
                                    Numbers *numbers) {
  FN(Matrix) m = FN(matrix)(rows, cols, gap, at_end);
  FN(fill)(&m, low, high, numbers);
  return m;
}

static FN(Matrix) FN(copy)(const FN(Matrix) *from) {
  FN(Matrix) m = FN(matrix)(from->rows, from->cols, from->ld - from->cols, from->at_end);
  for (size_t r = 0; r < m.rows; r++) memcpy(FN(at)(&m, r, 0), FN(at)(from, r, 0), m.cols * sizeof(T));
  return m;
}

/* Whether every guard is still there. */
static bool FN(is_intact)(const FN(Matrix) *m) {
  bool intact = true;
  for (size_t r = 0; r + 1 < m->rows; r++) {
    for (size_t c = m->cols; c < m->ld; c++) intact &= *FN(at)(m, r, c) == GUARD;
  }
  const T *open_side = m->at_end ? m->base - FN(MARGIN) : m->base + FN(extent)(m);
  for (size_t i = 0; i < FN(MARGIN); i++) intact &= open_side[i] == GUARD;
  return intact;
}

/* Bitwise, but all NaN are alike. */
static bool FN(same)(T a, T b) { return memcmp(&a, &b, sizeof(T)) == 0 || (isnan(a) && isnan(b)); }

/* Compares rows first ..< first + b's rows of a with b, bit by bit. */
static void FN(compare)(Tally *tally, const FN(Matrix) *a, size_t first, const FN(Matrix) *b) {
  for (size_t r = 0; r < b->rows; r++) {
    for (size_t c = 0; c < b->cols; c++) {
      tally_check(tally, FN(same)(*FN(at)(a, first + r, c), *FN(at)(b, r, c)), first + r, c);
    }
  }
}
