/* Scores of a block of queries, which are the lanes: s[j][r] = sum over d of k[j][d]*q[d][r].
 *
 * Keys are broadcast as they lie. The registers hold keys x vectors sums; for each d, `vectors` loads and `keys` broadcasts feed
 * keys*vectors multiply-adds. */

INLINE void FN(scores_block)(size_t keys, size_t vectors, const T *queries, size_t head_size, const T *k, size_t ldk, T *s,
                             V *top, const INT *first, const INT *end, size_t j) {
  V sum[16][3];
  UNROLL for (size_t i = 0; i < keys; i++) {
    UNROLL for (size_t w = 0; w < vectors; w++) sum[i][w] = (V)(T)0;
  }
  for (size_t d = 0; d < head_size; d++) {
    V q[3];
    UNROLL for (size_t w = 0; w < vectors; w++) q[w] = FN(load)(queries + d * WIDTH + w * LANES);
    UNROLL for (size_t i = 0; i < keys; i++) {
      const V key = (V)k[i * ldk + d];
      UNROLL for (size_t w = 0; w < vectors; w++) sum[i][w] = FN(multiply_add)(key, q[w], sum[i][w]);
    }
  }
  if (first) { /* at an edge */
    UNROLL for (size_t i = 0; i < keys; i++) {
      UNROLL for (size_t w = 0; w < vectors; w++) {
        sum[i][w] = FN(attended)(first + w * LANES, end + w * LANES, j + i) ? sum[i][w] : (V)NEGATIVE_INFINITY;
      }
    }
  }
  UNROLL for (size_t w = 0; w < vectors; w++) {
    V greatest = top[w];
    UNROLL for (size_t i = 0; i < keys; i++) {
      FN(store)(s + i * WIDTH + w * LANES, sum[i][w]);
      greatest = FN(greater)(sum[i][w], greatest);
    }
    top[w] = greatest;
  }
}

#define SCORES_BLOCK(KEYS, VECTORS)                                                                                      \
  static void FN(scores_##KEYS##_##VECTORS)(const T *queries, size_t head_size, const T *k, size_t ldk, T *s, V *top,    \
                                            const INT *first, const INT *end, size_t j) {                                \
    FN(scores_block)(KEYS, VECTORS, queries, head_size, k, ldk, s, top, first, end, j);                                  \
  }

/* As many keys as leave registers for one vector of queries each and a broadcast. */
#if REGISTERS == 32
#define KEYS_BESIDE_1 16
#define KEYS_BESIDE_2 12
#define KEYS_BESIDE_3 8
SCORES_BLOCK(16, 1)
SCORES_BLOCK(12, 1)
SCORES_BLOCK(12, 2)
SCORES_BLOCK(8, 1)
SCORES_BLOCK(8, 2)
SCORES_BLOCK(8, 3)
#else
#define KEYS_BESIDE_1 12
#define KEYS_BESIDE_2 6
#define KEYS_BESIDE_3 4
SCORES_BLOCK(12, 1)
SCORES_BLOCK(6, 1)
SCORES_BLOCK(6, 2)
#endif
SCORES_BLOCK(4, 1)
SCORES_BLOCK(4, 2)
SCORES_BLOCK(4, 3)
SCORES_BLOCK(2, 1)
SCORES_BLOCK(2, 2)
SCORES_BLOCK(2, 3)
SCORES_BLOCK(1, 1)
SCORES_BLOCK(1, 2)
SCORES_BLOCK(1, 3)

typedef void (*FN(ScoresBlock))(const T *queries, size_t head_size, const T *k, size_t ldk, T *s, V *top, const INT *first,
                                const INT *end, size_t j);

typedef struct FN(ScoresChoice) {
  size_t keys;
  FN(ScoresBlock) with[4]; /* by the number of vectors */
} FN(ScoresChoice);

/* The largest number of keys that fits, for a block of so many vectors. */
static FN(ScoresChoice) FN(choose_scores)(size_t vectors, size_t keys) {
  if (vectors == 3 && keys >= KEYS_BESIDE_3) {
#if REGISTERS == 32
    return (FN(ScoresChoice)){8, {0, FN(scores_8_1), FN(scores_8_2), FN(scores_8_3)}};
#endif
  } else if (vectors == 2 && keys >= KEYS_BESIDE_2) {
#if REGISTERS == 32
    return (FN(ScoresChoice)){12, {0, FN(scores_12_1), FN(scores_12_2), 0}};
#else
    return (FN(ScoresChoice)){6, {0, FN(scores_6_1), FN(scores_6_2), 0}};
#endif
  } else if (vectors == 1 && keys >= KEYS_BESIDE_1) {
#if REGISTERS == 32
    return (FN(ScoresChoice)){16, {0, FN(scores_16_1), 0, 0}};
#else
    return (FN(ScoresChoice)){12, {0, FN(scores_12_1), 0, 0}};
#endif
  }
  if (keys >= 4) return (FN(ScoresChoice)){4, {0, FN(scores_4_1), FN(scores_4_2), FN(scores_4_3)}};
  if (keys >= 2) return (FN(ScoresChoice)){2, {0, FN(scores_2_1), FN(scores_2_2), FN(scores_2_3)}};
  return (FN(ScoresChoice)){1, {0, FN(scores_1_1), FN(scores_1_2), FN(scores_1_3)}};
}

/* The scores [keys][WIDTH] that some row of their vector attends, and more beside them; where `ranged`, -inf what a row does
 * not attend. top [3] receives the maxima. */
static void FN(scores)(const BLOCK *block, const T *k, size_t ldk, const FN(Ranges) *ranges, bool ranged, T *s, V *top) {
  const size_t vectors = (block->rows + LANES - 1) / LANES;
  FN(ScoresChoice) choice = FN(choose_scores)(vectors, ranges->end - ranges->begin);
  for (size_t j = ranges->begin; j < ranges->end; j += choice.keys) {
    if (j + choice.keys > ranges->end) choice = FN(choose_scores)(vectors, ranges->end - j);
    const size_t next = j + choice.keys;
    size_t from = vectors, to = 0;
    bool edge = false;
    for (size_t w = 0; w < vectors; w++) {
      if (ranges->low[w] >= next || ranges->high[w] <= j) continue;
      if (from == vectors) from = w;
      to = w + 1;
    }
    if (from >= to) continue;
    for (size_t w = from; w < to; w++) edge |= j < ranges->whole_low[w] || next > ranges->whole_high[w];
    edge &= ranged;
    choice.with[to - from](block->queries + from * LANES, block->head_size, k + j * ldk, ldk, s + j * WIDTH + from * LANES,
                           top + from, edge ? ranges->first + from * LANES : NULL, ranges->last_end + from * LANES, j);
  }
}
