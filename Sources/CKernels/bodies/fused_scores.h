/* Scores of a block of queries, which are the lanes: s[j][r] = sum over d of k[j][d]*q[d][r].
 *
 * Keys are broadcast as they lie. The registers hold keys x vectors sums; for each d, `vectors` loads and `keys` broadcasts feed
 * keys*vectors multiply-adds. */

typedef struct FN(ScoresBlock) {
  const T *queries; /* [D][WIDTH], from the first of the block's vectors */
  size_t head_size;
  const T *k; /* [keys][D] */
  size_t ldk;
  const T *v; /* what goes with the keys, to be fetched */
  size_t ldv, value_head_size;
  T *s;                    /* [keys][WIDTH] */
  V *top;                  /* the maxima so far */
  const INT *first, *end;  /* at an edge, of one group: the range of keys of each row; else NULL */
  size_t j;                /* the first key's place in the tile */
  size_t groups;           /* of so many vectors, side by side */
  bool fetches;
} FN(ScoresBlock);

/* One step along D of all chains. row[i]: where key i begins. */
INLINE void FN(scores_at)(size_t keys, size_t vectors, const T *const row[16], size_t d, const T *queries, V sum[16][3]) {
  V q[3];
  UNROLL for (size_t w = 0; w < vectors; w++) q[w] = FN(load)(queries + w * LANES);
  UNROLL for (size_t i = 0; i < keys; i++) {
    const V key = (V)row[i][d];
    UNROLL for (size_t w = 0; w < vectors; w++) sum[i][w] = FN(multiply_add)(key, q[w], sum[i][w]);
  }
}

INLINE void FN(scores_block)(size_t keys, size_t vectors, const FN(ScoresBlock) *block) {
  const size_t ldk = block->ldk, head_size = block->head_size;
  const T *row[16];
  UNROLL for (size_t i = 0; i < keys; i++) {
    row[i] = block->k + i * ldk;
    /* A register each: else they are added up anew for each d. */
    if (STEPS > 1 && keys <= 6) OPAQUE(row[i]);
  }
  for (size_t group = 0; group < block->groups; group++) {
    const size_t place = group * vectors * LANES;
    const T *queries = block->queries + place;
    V sum[16][3];
    UNROLL for (size_t i = 0; i < keys; i++) {
      UNROLL for (size_t w = 0; w < vectors; w++) sum[i][w] = (V)(T)0;
    }
    for (size_t line = 0; line < head_size; line += LINE) {
      /* The keys after the next ones, and the values of these. */
      if (block->fetches && group == 0) {
        UNROLL for (size_t i = 0; i < keys; i++) __builtin_prefetch(row[i] + 2 * keys * ldk + line, 0, 3);
        if (line < block->value_head_size) {
          UNROLL for (size_t i = 0; i < keys; i++) __builtin_prefetch(block->v + i * block->ldv + line, 0, 2);
        }
      }
      const size_t stop = FN(least)(line + LINE, head_size);
      size_t d = line;
      for (; STEPS > 1 && d + STEPS <= stop; d += STEPS, queries += STEPS * WIDTH) {
        UNROLL for (size_t i = 0; i < STEPS; i++) FN(scores_at)(keys, vectors, row, d + i, queries + i * WIDTH, sum);
      }
      for (; d < stop; d++, queries += WIDTH) FN(scores_at)(keys, vectors, row, d, queries, sum);
    }
    if (block->first) {
      UNROLL for (size_t i = 0; i < keys; i++) {
        UNROLL for (size_t w = 0; w < vectors; w++) {
          sum[i][w] = FN(attended)(block->first + w * LANES, block->end + w * LANES, block->j + i)
                          ? sum[i][w]
                          : (V)NEGATIVE_INFINITY;
        }
      }
    }
    T *s = block->s + place;
    V *top = block->top + group * vectors;
    UNROLL for (size_t w = 0; w < vectors; w++) {
      V greatest = top[w];
      UNROLL for (size_t i = 0; i < keys; i++) {
        FN(store)(s + i * WIDTH + w * LANES, sum[i][w]);
        greatest = FN(greater)(sum[i][w], greatest);
      }
      top[w] = greatest;
    }
  }
}

#define SCORES_BLOCK(KEYS, VECTORS) \
  static void FN(scores_##KEYS##_##VECTORS)(const FN(ScoresBlock) *block) { FN(scores_block)(KEYS, VECTORS, block); }

/* Vectors of queries at a time, and as many keys as leave registers for one vector of queries each and a broadcast. */
#if REGISTERS == 32
#define AT_ONCE 3
SCORES_BLOCK(16, 1)
SCORES_BLOCK(12, 1)
SCORES_BLOCK(12, 2)
SCORES_BLOCK(8, 1)
SCORES_BLOCK(8, 2)
SCORES_BLOCK(8, 3)
SCORES_BLOCK(4, 3)
SCORES_BLOCK(2, 3)
SCORES_BLOCK(1, 3)
#define FOR_3(name) FN(name)
#else
#define AT_ONCE 2
SCORES_BLOCK(12, 1)
SCORES_BLOCK(6, 1)
SCORES_BLOCK(6, 2)
#define FOR_3(name) 0
#endif
SCORES_BLOCK(4, 1)
SCORES_BLOCK(4, 2)
SCORES_BLOCK(2, 1)
SCORES_BLOCK(2, 2)
SCORES_BLOCK(1, 1)
SCORES_BLOCK(1, 2)

typedef struct FN(ScoresChoice) {
  size_t keys;
  void (*with[4])(const FN(ScoresBlock) *block); /* by the number of vectors */
} FN(ScoresChoice);

/* The largest number of keys that fits, for a block of so many vectors. */
static FN(ScoresChoice) FN(choose_scores)(size_t vectors, size_t keys) {
#if REGISTERS == 32
  if (vectors == 2 && keys >= 12) return (FN(ScoresChoice)){12, {0, FN(scores_12_1), FN(scores_12_2), 0}};
  if (vectors == 1 && keys >= 16) return (FN(ScoresChoice)){16, {0, FN(scores_16_1), 0, 0}};
  if (keys >= 8) return (FN(ScoresChoice)){8, {0, FN(scores_8_1), FN(scores_8_2), FN(scores_8_3)}};
#else
  if (vectors == 1 && keys >= 12) return (FN(ScoresChoice)){12, {0, FN(scores_12_1), 0, 0}};
  if (keys >= 6) return (FN(ScoresChoice)){6, {0, FN(scores_6_1), FN(scores_6_2), 0}};
#endif
  if (keys >= 4) return (FN(ScoresChoice)){4, {0, FN(scores_4_1), FN(scores_4_2), FOR_3(scores_4_3)}};
  if (keys >= 2) return (FN(ScoresChoice)){2, {0, FN(scores_2_1), FN(scores_2_2), FOR_3(scores_2_3)}};
  return (FN(ScoresChoice)){1, {0, FN(scores_1_1), FN(scores_1_2), FOR_3(scores_1_3)}};
}

/* The scores [keys][WIDTH] that some row of their vector attends, and more beside them; where `ranged`, -inf what a row does
 * not attend. top [VECTORS] receives the maxima. */
static void FN(scores)(const BLOCK *block, const T *k, size_t ldk, const T *v, size_t ldv, const FN(Ranges) *ranges,
                       bool ranged, T *s, V *top) {
  const size_t vectors = (block->rows + LANES - 1) / LANES, keys = ranges->end - ranges->begin;
  FN(ScoresChoice) choice = FN(choose_scores)(vectors, keys);
  FN(Fetcher) fetcher = {block->ahead, block->ahead + block->ahead_count, 0, 0};
  const size_t share = block->ahead_count > 0 ? FN(ahead_lines)(block) * choice.keys / keys + 1 : 0;
  FN(ScoresBlock) part = {.head_size = block->head_size,
                          .ldk = ldk,
                          .ldv = ldv,
                          .value_head_size = block->value_head_size};
  /* The keys that all rows attend: there one call does as many groups of AT_ONCE vectors as there are. */
  size_t inside_low = ranges->begin, inside_high = ranges->end;
  for (size_t w = 0; w < vectors; w++) {
    inside_low = FN(most)(inside_low, FN(most)(ranges->low[w], ranges->whole_low[w]));
    inside_high = FN(least)(inside_high, FN(least)(ranges->high[w], ranges->whole_high[w]));
  }
  for (size_t j = ranges->begin; j < ranges->end; j += choice.keys) {
    if (j + choice.keys > ranges->end) choice = FN(choose_scores)(vectors, ranges->end - j);
    if (share > 0) FN(fetch)(&fetcher, share);
    const size_t next = j + choice.keys;
    part.fetches = true;
    part.k = k + j * ldk;
    part.v = v + j * ldv;
    part.j = j;
    size_t start = 0;
    if (j >= inside_low && next <= inside_high && vectors >= AT_ONCE) {
      part.queries = block->queries;
      part.s = s + j * WIDTH;
      part.top = top;
      part.first = NULL;
      part.groups = vectors / AT_ONCE;
      choice.with[AT_ONCE](&part);
      part.fetches = false;
      start = part.groups * AT_ONCE;
    }
    part.groups = 1;
    for (; start < vectors; start += AT_ONCE) {
      const size_t stop = FN(least)(start + AT_ONCE, vectors);
      size_t from = stop, to = 0;
      bool edge = false;
      for (size_t w = start; w < stop; w++) {
        if (ranges->low[w] >= next || ranges->high[w] <= j) continue;
        if (from == stop) from = w;
        to = w + 1;
      }
      if (from >= to) continue;
      for (size_t w = from; w < to; w++) edge |= j < ranges->whole_low[w] || next > ranges->whole_high[w];
      part.queries = block->queries + from * LANES;
      part.s = s + j * WIDTH + from * LANES;
      part.top = top + from;
      part.first = edge && ranged ? ranges->first + from * LANES : NULL;
      part.end = ranges->last_end + from * LANES;
      choice.with[to - from](&part);
      part.fetches = false;
    }
  }
}
