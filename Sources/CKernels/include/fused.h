/* Register-blocked attention: a block of query rows against a tile of keys and values, no BLAS inside.
 *
 * What `block->rows` rows of queries get from `count` keys and values, by the online softmax (Milakov and Gimelshein 2018,
 * algorithm 3; Dao et al. 2022, "FlashAttention", algorithm 1). Exponentials are to base 2: with queries packed by the factor
 * scale*log2(e), e^(s - m) = 2^(s' - m'). Softcap and bias want natural scores: factor scale, and a multiplication more for each.
 *
 * Letters as in kernels.h and: D head size of queries and keys, Dv head size of values, W = `width` rows that a block has room
 * for. Keys [count][D] and values [count][Dv] are read as they lie, with leading dimensions; no alignment is required, but
 * scratch, packed queries and accumulators run faster on 64-byte boundaries. Nothing allocates, prints or keeps state.
 *
 * Same bits. What a row gets depends on that row of queries, on the keys and values that it attends and on their places in
 * the sequence alone, if the sequence is cut into tiles at multiples of FUSED_TILE_KEYS: not on the other rows of the block,
 * on its place among them or their number, nor on keys that it may not attend. For
 * - a score is one chain of multiply-adds along D, from 0 (in blocks of at most `few` rows without `same_bits`: as many chains
 *   as a vector has lanes, added in halves);
 * - a tile has its own maximum; its exponentials are summed pairwise in groups, the groups in order (few rows without `same_bits`:
 *   key j of the tile in chain j mod 4*lanes; the four vectors, then the lanes, added pairwise);
 * - its sum of values is one chain of multiply-adds along the keys, from 0, and a masked key's addend is 0;
 * - tiles are folded in order into what came before: x = x*2^(m - m') + x_tile*2^(m_tile - m'), m' the greater maximum.
 * So tiles may be computed apart (`step` on an empty block gives the tile's own part) and folded later by `merge`. With
 * `same_bits` few rows (decoding) equal many (prefill), bit for bit; without, few rows equal few. Sets differ from each other
 * in their last bits.
 */
#ifndef ATTENTION_FUSED_H
#define ATTENTION_FUSED_H

#include "kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/* Keys in a tile, at most; the keys at its multiples are where a sequence is cut. */
#define FUSED_TILE_KEYS 384

/* Rows that are apart by inner_stride, and by outer_stride after every `inner` of them: the queries of some heads. Row r
 * begins at base + (r / inner)*outer_stride + (r % inner)*inner_stride. inner >= 1. */
#define ATTENTION_FUSED_ROWS(T, NAME, QUALIFIER) \
  typedef struct NAME {                          \
    QUALIFIER T *base;                           \
    size_t inner;                                \
    ptrdiff_t inner_stride;                      \
    ptrdiff_t outer_stride;                      \
  } NAME;

ATTENTION_FUSED_ROWS(float, FusedInputRowsF32, const)
ATTENTION_FUSED_ROWS(float, FusedOutputRowsF32, )
ATTENTION_FUSED_ROWS(double, FusedInputRowsF64, const)
ATTENTION_FUSED_ROWS(double, FusedOutputRowsF64, )

/* Memory that will be wanted soon (the next block's queries, the next head's first keys, where results go): while a tile is
 * computed it is fetched into the cache, a little at a time. Distances in bytes. */
typedef struct FusedAhead {
  const void *base;
  size_t rows;
  size_t row_bytes;
  ptrdiff_t stride;
} FusedAhead;

/* A block of query rows and what has been summed up for it. */
#define ATTENTION_FUSED_BLOCK(T, NAME)                                                                           \
  typedef struct NAME {                                                                                          \
    size_t rows;             /* 1...W */                                                                         \
    size_t head_size;        /* D */                                                                             \
    size_t value_head_size;  /* Dv */                                                                            \
    bool natural;            /* queries were packed with the factor scale, not scale*log2(e): for softcap, bias */ \
    bool begun;              /* whether a tile has been added: until then accumulator holds nothing */           \
    bool same_bits;          /* few rows get the bits that they would get among many, more slowly */             \
    T *queries;              /* queries_size(D): what pack_queries makes */                                      \
    T *maximum;              /* [W], base 2 unless natural; -inf before a tile */                                    \
    T *sum;                  /* [W]; 0 before the first tile */                                                  \
    T *accumulator;          /* accumulator_size(Dv) */                                                          \
    T *scratch;              /* scratch_size(D, Dv) */                                                           \
    const FusedAhead *_Nullable ahead; /* [ahead_count], for the next step; only hints */                        \
    size_t ahead_count;                                                                                          \
  } NAME;

ATTENTION_FUSED_BLOCK(float, FusedBlockF32)
ATTENTION_FUSED_BLOCK(double, FusedBlockF64)

/* The functions, for one element type T.
 *
 * width             W: 48 in every set.
 * few               blocks of at most this many rows are computed key by key in the lanes (decoding): each key and value
 *                   is then read once for all rows.
 * queries_size      elements of packed queries; accumulator_size, scratch_size likewise.
 * pack_queries      block->queries = factor * rows first ..< first + rows of the queries: [D][W], with 0 in the lanes up to the
 *                   next whole vector; or row by row for a few.
 * step              one tile: keys [count][D], values [count][Dv], 1 <= count <= FUSED_TILE_KEYS. rules as in kernels.h
 *                   (row r of the block is row r of the rules, columns are the tile's keys); NULL: none. softcap and bias need
 *                   a natural block. With values_finite false, and a rule that masks, values that a row does not attend are
 *                   passed over one by one, which is slow; elsewhere NaN and infinity need no care.
 *                   Keys and values before the first or past the last one that some row attends (by first and end) have
 *                   no part; keys within a few vectors of them may be read, values are not. What follows them is
 *                   fetched into the cache, which never faults.
 * merge             folds what another block (same rows, Dv) has into this one.
 * finish            out = accumulator / sum for all rows, 0 where sum is 0; log_sum_exp [rows] = ln of the sum of e^score,
 *                   -inf where sum is 0; NULL: not wanted. Row r of the block is row first + r of out.
 * exp2              y[i] = 2^x[i] for x <= 0 as step has it. Where the result is a normal number: Float at most 2.2 ULP (plain:
 *                   2.4), Double 1.4; below, it is 0 or subnormal; exactly 1 at 0; NaN -> NaN, -inf -> 0.
 */
#define ATTENTION_FUSED_TABLE(T, SUFFIX)                                                                            \
  typedef struct FusedKernels##SUFFIX {                                                                             \
    size_t width;                                                                                                   \
    size_t few;                                                                                                     \
    size_t (*queries_size)(size_t head_size);                                                                       \
    size_t (*accumulator_size)(size_t value_head_size);                                                             \
    size_t (*scratch_size)(size_t head_size, size_t value_head_size);                                               \
    void (*pack_queries)(const FusedBlock##SUFFIX *block, const FusedInputRows##SUFFIX *queries, size_t first,      \
                         T factor);                                                                                 \
    void (*step)(FusedBlock##SUFFIX *block, const T *keys, size_t ldk, const T *values, size_t ldv, size_t count,   \
                 const ScoreRules##SUFFIX *_Nullable rules, bool values_finite);                                    \
    void (*merge)(FusedBlock##SUFFIX *block, const FusedBlock##SUFFIX *other);                                      \
    void (*finish)(const FusedBlock##SUFFIX *block, const FusedOutputRows##SUFFIX *out, size_t first,               \
                   T *_Nullable log_sum_exp);                                                                       \
    void (*exp2)(const T *x, T *y, size_t count);                                                                   \
  } FusedKernels##SUFFIX;

ATTENTION_FUSED_TABLE(float, F32)
ATTENTION_FUSED_TABLE(double, F64)

/* The functions for an instruction set; NULL where this CPU (or this architecture) lacks it. */
const FusedKernelsF32 *_Nullable fused_f32(KernelSet set);
const FusedKernelsF64 *_Nullable fused_f64(KernelSet set);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
