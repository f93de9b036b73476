/* The two loops of an instruction set. The including file defines
 *   SET, SET_NAME           the table and its name
 *   LANES                   numbers in a vector
 *   CHAINS                  accumulators that stay in registers beside a factor and an addend
 *   MULTIPLY_ADD(x, a, b)   x*a + b
 */
typedef float Vector __attribute__((vector_size(LANES * sizeof(float))));
/* As loaded from anywhere. */
typedef float Loaded __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float))));

static float sum_of(const Vector *chains, size_t count) {
  float sum = 0;
  for (size_t i = 0; i < count; i++) {
    for (size_t lane = 0; lane < LANES; lane++) sum += chains[i][lane];
  }
  return sum;
}

static float multiply_adds(size_t rounds, float factor, float addend) {
  Vector chains[CHAINS];
  UNROLL for (int i = 0; i < CHAINS; i++) chains[i] = (Vector){0} + (float)(i + 1);
  const Vector a = (Vector){0} + factor, b = (Vector){0} + addend;
  for (size_t round = 0; round < rounds; round++) {
    UNROLL for (int i = 0; i < CHAINS; i++) chains[i] = MULTIPLY_ADD(chains[i], a, b);
  }
  return sum_of(chains, CHAINS);
}

#define READ_CHAINS 8
#define LINE (64 / sizeof(float))

/* With `asks` a constant, so that the loop without prefetches has no branch either. */
static inline __attribute__((always_inline)) float read_all(const float *first, const float *second, size_t count,
                                                            size_t distance, int asks) {
  enum { block = READ_CHAINS * LANES };
  const float *const both[] = {first, second};
  Vector chains[READ_CHAINS];
  UNROLL for (int i = 0; i < READ_CHAINS; i++) chains[i] = (Vector){0};
  size_t at = 0;
  for (; at + block <= count; at += block) {
    UNROLL for (int side = 0; side < 2; side++) {
      const float *numbers = both[side] + at;
      if (asks) {
        /* Beyond the end as well: a prefetch never faults. */
        const char *ahead = (const char *)numbers + distance;
        UNROLL for (size_t line = 0; line < block; line += LINE) __builtin_prefetch(ahead + line * sizeof(float), 0, 3);
      }
      UNROLL for (int i = 0; i < READ_CHAINS; i++) chains[i] += *(const Loaded *)(numbers + i * LANES);
    }
  }
  float sum = sum_of(chains, READ_CHAINS);
  for (; at < count; at++) sum += first[at] + second[at];
  return sum;
}

static float read_both(const float *first, const float *second, size_t count, size_t distance) {
  return distance == 0 ? read_all(first, second, count, 0, 0) : read_all(first, second, count, distance, 1);
}

const Roofline SET = {SET_NAME, 2 * CHAINS * LANES, multiply_adds, read_both};
