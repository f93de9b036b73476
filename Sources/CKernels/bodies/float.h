/* All kernels for float. The including file has set VECTOR_BYTES, SET and the instruction set's own operations. */
#define T float
#define INT int32_t
#define UINT uint32_t
#define FN(name) JOIN(name, f32)
#define RULES ScoreRulesF32
#define TABLE KernelsF32
#define BLOCK FusedBlockF32
#define INPUT_ROWS FusedInputRowsF32
#define OUTPUT_ROWS FusedOutputRowsF32
#define FUSED_TABLE FusedKernelsF32
#define LANES (VECTOR_BYTES / 4)
#define LOG __builtin_logf
#define IS_SINGLE 1

/* exp: x = n*ln2 + r with |r| <= ln2/2. LN2_HIGH has 9 bits, so that n*LN2_HIGH is exact. */
#define LOG2_E 0x1.715476p0f
#define LN2_HIGH 0x1.63p-1f
#define LN2_LOW -0x1.bd0106p-13f
/* e^r = 1 + r + r^2*P(r): P of degree 4 that minimises the relative error (Remez), 3.1e-9; highest term first. */
#define EXP_TERMS 0x1.6a23d0p-10f, 0x1.123a20p-7f, 0x1.5558f2p-5f, 0x1.555492p-3f, 0x1.fffffcp-2f
/* e^x rounds to 0 below the one (half of 2^-149) and to infinity above the other. */
#define EXP_LOWEST -104.0f
#define EXP_HIGHEST 89.0f
/* Adding this rounds to an integer n; the sum's low bits are then n + 2*127, to halve into two exponents. */
#define ROUND_TO_INTEGER (0x1.8p23f + 254)
#define EXPONENT_SHIFT 23
/* tanh(x) is 1 for 2x above this. */
#define TANH_HIGHEST 20.0f

/* 2^f = 1 + f*Q(f) on 0 <= f <= 1: Q of degree 4 that minimises the error in ULP, roundings included (Remez, then a search
 * among the neighbours); highest term first. */
#define EXP2_TERMS 0x1.ee3836p-10f, 0x1.260a2ep-7f, 0x1.c96868p-5f, 0x1.ebd53ap-3f, 0x1.62e4e2p-1f
/* 2^t is taken as 0 from here down. */
#define EXP2_LOWEST -127.5f
/* Adding this rounds to an integer n; the sum's low bits are then the exponent of 2^(n+1). Even, so that n = 0 for -0.5. */
#define ROUND_TO_BIASED (0x1.8p23f + 128)
#define LN_2 0x1.62e430p-1f

#include "all.h"

#undef T
#undef INT
#undef UINT
#undef FN
#undef RULES
#undef TABLE
#undef BLOCK
#undef INPUT_ROWS
#undef OUTPUT_ROWS
#undef FUSED_TABLE
#undef LANES
#undef LOG
#undef IS_SINGLE
#undef LOG2_E
#undef LN2_HIGH
#undef LN2_LOW
#undef EXP_TERMS
#undef EXP_LOWEST
#undef EXP_HIGHEST
#undef ROUND_TO_INTEGER
#undef EXPONENT_SHIFT
#undef TANH_HIGHEST
#undef EXP2_TERMS
#undef EXP2_LOWEST
#undef ROUND_TO_BIASED
#undef LN_2
