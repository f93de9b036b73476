/* The element-wise and row-wise kernels of attention that BLAS does not have.
 *
 * One body per operation (../bodies), compiled once per instruction set and element type; a table of
 * functions per instruction set; the best table that the CPU supports is chosen once at run time.
 *
 * Letters: `rows` x `cols` matrices are row-major with leading dimension `ld` (elements from one row's start to
 * the next, ld >= cols). No alignment is required. rows or cols may be 0. Nothing outside [0, cols) of a row is
 * read or written. Nothing here allocates, prints or keeps state.
 */
#ifndef ATTENTION_KERNELS_H
#define ATTENTION_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/* An instruction set that the kernels were compiled for. */
typedef enum KernelSet {
  KernelSetPlain = 0,  /* what every CPU of the architecture has */
  KernelSetAVX2 = 1,   /* AVX2, FMA, F16C */
  KernelSetAVX512 = 2, /* AVX-512 F, DQ, BW, VL */
  KernelSetNEON = 3    /* Armv8-A Advanced SIMD */
} KernelSet;

/* What happens to a tile of scaled scores before the softmax, in the order softcap -> + bias -> mask
 * (ONNX Attention, opset 24). A column c of row r is attended if it lies in [first[r], end[r]) and keep says so. */
#define ATTENTION_SCORE_RULES(T, NAME)                                                              \
  typedef struct NAME {                                                                             \
    T softcap;                       /* c*tanh(s/c) where c > 0; 0: none */                         \
    const T *_Nullable bias;         /* added; row r begins at bias + r*bias_stride; NULL: none */  \
    ptrdiff_t bias_stride;           /* 0: the same row for all */                                  \
    const uint8_t *_Nullable keep;   /* 0 = masked; row r begins at keep + r*keep_stride; NULL: all */ \
    ptrdiff_t keep_stride;                                                                          \
    const int32_t *_Nullable first;  /* [rows], 0 <= first; NULL: 0 for all */                      \
    const int32_t *_Nullable end;    /* [rows], end <= cols; first >= end: nothing; NULL: cols */   \
  } NAME;

ATTENTION_SCORE_RULES(float, ScoreRulesF32)
ATTENTION_SCORE_RULES(double, ScoreRulesF64)

/* The functions, for one element type T.
 *
 * A bias of -inf masks: what stands there, NaN included, is chosen away like any masked element.
 *
 * exp            y[i] = e^x[i] over the whole range, subnormal results included: at most 1 ULP with AVX2, AVX-512 and
 *                NEON, 1.25 ULP with plain; -inf -> 0, overflow -> +inf, NaN -> NaN. x == y allowed.
 * softcap        s = c*tanh(s/c), c > 0; tanh at most 4 ULP over the whole range; -0 and NaN kept, +-inf -> +-c.
 * mask           s = s + bias where attended, -inf where masked (softcap in the rules is ignored).
 * softmax_rows   rules, then each row's softmax in place: 0 where masked, whatever stood there. A row whose sum is 0
 *                (nothing to attend, or nothing above -inf) becomes all 0. log_sum_exp [rows] receives max + log(sum),
 *                -inf for such a row; NULL: not wanted. An attended NaN, or +inf, makes its row NaN (at attended
 *                places). Each e^ is as exact as exp; its sum is then inverted once.
 * softmax_step   one step of the online softmax (Milakov and Gimelshein 2018, algorithm 3; Dao et al. 2022, algorithm
 *                1): rules, then with m' = max(m, max of the row): s = e^(s - m') (0 where masked),
 *                rescale = e^(m - m'), sum = sum*rescale + sum of s, maximum = m'. Before the first step
 *                maximum = -inf and sum = 0. While m' is -inf it counts as 0 in the differences, and
 *                rescale is 1 where m is -inf, for then there is nothing to rescale: never -inf - -inf. The maxima
 *                pass over NaN; an attended NaN or +inf stays visible in s and makes sum NaN.
 * weights        s = e^(s - maximum[r]) / sum[r]; the whole row 0 where sum[r] == 0. s is final scores (-inf where
 *                masked, which gives 0 even where sum[r] is NaN).
 * log_sum_exp    out[r] = maximum[r] + log(sum[r]); -inf where sum[r] == 0.
 * scale_rows     x[r][:] *= factor[r]; rows whose factor is 1 are not touched.
 * divide_rows    out[r][:] = x[r][:] / divisor[r]; 0 where divisor[r] == 0, whatever x holds. NaN divisor: NaN.
 *                out == x with ldout == ld allowed.
 * dot            sum of x[i]*y[i], in several partial sums.
 * axpy           y[i] += a*x[i].
 * few_rows       y[r][n] = alpha * (sum of x[r][i]*w[n][i] over i < size) + beta*addend[r][n] for rows of x and features of w: a
 *                linear layer of few rows. w comes from memory once, for all rows. ldadd 0: the same addend for all rows (a bias);
 *                NULL: none. addend == y with ldadd == ldy allowed. What stands in y[r][n] depends on row r, feature n, its
 *                addend and the factors alone, bit for bit: not on what else is computed. What follows the rows of w is fetched
 *                into the cache, which never faults.
 * most_few_rows  up to so many rows few_rows is faster than packing w for a general product.
 * packed_size    elements that pack writes.
 * pack           w [features][size], in the order in which packed_product reads it; a few features of 0 more.
 * packed_product y[r][n - first] = sum of x[r][i]*w[n][i] over i < size, + bias[n - first], for features first <= n < first +
 *                features of a packed w; NULL: no bias. Writes no other elements of y, and reads none. What stands in y[r][n - first]
 *                depends on row r, feature n and its bias alone, bit for bit. What is beside the packed features is fetched into the
 *                cache, which never faults.
 * packs_weights  whether it is expected to be faster than a general product for more than most_few_rows rows and at least
 *                least_packed_features features, once w is packed. It has passing_rows rows in the cache at a time.
 * all_finite     whether no element is NaN or infinite.
 * widen_f16      y[i] = x[i], an IEEE 754 binary16; exact, NaN quiet.
 * widen_bf16     y[i] = x[i], a bfloat16 (the upper half of a float); exact.
 * narrow_f16     y[i] = the binary16 nearest to x[i], ties to even, rounded once; subnormals included, from 65520 on
 *                infinity, NaN quiet with the upper bits of its payload.
 * narrow_bf16    the same for bfloat16.
 */
#define ATTENTION_KERNEL_TABLE(T, RULES, NAME)                                                                       \
  typedef struct NAME {                                                                                              \
    size_t most_few_rows;                                                                                            \
    void (*exp)(const T *x, T *y, size_t count);                                                                     \
    void (*softcap)(T *s, size_t rows, size_t cols, size_t ld, T c);                                                 \
    void (*mask)(T *s, size_t rows, size_t cols, size_t ld, const RULES *rules);                                     \
    void (*softmax_rows)(T *s, size_t rows, size_t cols, size_t ld, const RULES *rules, T *_Nullable log_sum_exp);   \
    void (*softmax_step)(T *s, size_t rows, size_t cols, size_t ld, const RULES *rules, T *maximum, T *sum,          \
                         T *rescale);                                                                                \
    void (*weights)(T *s, size_t rows, size_t cols, size_t ld, const T *maximum, const T *sum);                      \
    void (*log_sum_exp)(const T *maximum, const T *sum, T *out, size_t rows);                                        \
    void (*scale_rows)(T *x, size_t rows, size_t cols, size_t ld, const T *factor);                                  \
    void (*divide_rows)(const T *x, size_t rows, size_t cols, size_t ld, const T *divisor, T *out, size_t ldout);    \
    T (*dot)(const T *x, const T *y, size_t count);                                                                  \
    void (*axpy)(T a, const T *x, T *y, size_t count);                                                               \
    void (*few_rows)(size_t rows, size_t features, size_t size, T alpha, const T *x, size_t ldx, const T *w,         \
                     size_t ldw, T beta, const T *_Nullable addend, size_t ldadd, T *y, size_t ldy);                 \
    bool packs_weights;                                                                                              \
    size_t least_packed_features;                                                                                    \
    size_t passing_rows;                                                                                             \
    size_t (*packed_size)(size_t features, size_t size);                                                             \
    void (*pack)(const T *w, size_t ldw, size_t features, size_t size, T *panels);                                   \
    void (*packed_product)(size_t rows, size_t first, size_t features, size_t size, const T *x, size_t ldx,          \
                           const T *panels, const T *_Nullable bias, T *y, size_t ldy);                              \
    bool (*all_finite)(const T *x, size_t rows, size_t cols, size_t ld);                                             \
    void (*widen_f16)(const uint16_t *x, T *y, size_t count);                                                        \
    void (*widen_bf16)(const uint16_t *x, T *y, size_t count);                                                       \
    void (*narrow_f16)(const T *x, uint16_t *y, size_t count);                                                       \
    void (*narrow_bf16)(const T *x, uint16_t *y, size_t count);                                                      \
  } NAME;

ATTENTION_KERNEL_TABLE(float, ScoreRulesF32, KernelsF32)
ATTENTION_KERNEL_TABLE(double, ScoreRulesF64, KernelsF64)

/* The best instruction set of this CPU that the kernels were compiled for; asked of the CPU once. */
KernelSet kernels_selected(void);

/* Its name, as a person writes it: "AVX-512". */
const char *kernels_name(KernelSet set);

/* The functions for an instruction set; NULL where this CPU (or this architecture) lacks it. */
const KernelsF32 *_Nullable kernels_f32(KernelSet set);
const KernelsF64 *_Nullable kernels_f64(KernelSet set);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
