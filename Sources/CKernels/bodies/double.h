/* All kernels for double. The including file has set VECTOR_BYTES, SET and the instruction set's own operations. */
#define T double
#define INT int64_t
#define UINT uint64_t
#define FN(name) JOIN(name, f64)
#define RULES ScoreRulesF64
#define TABLE KernelsF64
#define BLOCK FusedBlockF64
#define INPUT_ROWS FusedInputRowsF64
#define OUTPUT_ROWS FusedOutputRowsF64
#define FUSED_TABLE FusedKernelsF64
#define LANES (VECTOR_BYTES / 8)
#define LOG __builtin_log
#define IS_SINGLE 0

/* exp: x = n*ln2 + r with |r| <= ln2/2. LN2_HIGH has 32 bits, so that n*LN2_HIGH is exact. */
#define LOG2_E 0x1.71547652b82fep0
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
/* e^r = 1 + r + r^2*P(r): P of degree 9 that minimises the relative error (Remez), 3.7e-18; highest term first. */
#define EXP_TERMS \
  0x1.ad7f403d9955cp-26, 0x1.28ad9b8be2fe5p-22, 0x1.71df25b24fc8ap-19, 0x1.a01999e25c1d8p-16, 0x1.a01a012a0f7e1p-13, \
      0x1.6c16c18438b33p-10, 0x1.1111111127d0ep-7, 0x1.555555555083ep-5, 0x1.55555555554f9p-3, 0x1.000000000000ap-1
/* e^x rounds to 0 below the one (half of 2^-1074) and to infinity above the other. */
#define EXP_LOWEST -745.2
#define EXP_HIGHEST 710.0
/* Adding this rounds to an integer n; the sum's low bits are then n + 2*1023, to halve into two exponents. */
#define ROUND_TO_INTEGER (0x1.8p52 + 2046)
#define EXPONENT_SHIFT 52
/* tanh(x) is 1 for 2x above this. */
#define TANH_HIGHEST 40.0

/* 2^f = 1 + f*Q(f) on 0 <= f <= 1: Q of degree 10 that minimises the relative error (Remez), 3.2e-18; highest term first. */
#define EXP2_TERMS \
  0x1.58566fe5ab70ap-31, 0x1.c2c4781f7a633p-28, 0x1.b85f42f1e6966p-24, 0x1.628f3580bf4b8p-20, 0x1.ffcfc6aa0fa7bp-17, \
      0x1.4308fa1dce4b1p-13, 0x1.5d87ff4d22874p-10, 0x1.3b2ab6f73415ep-7, 0x1.c6b08d7065838p-5, 0x1.ebfbdff82c04bp-3, \
      0x1.62e42fefa39f5p-1
/* 2^t is taken as 0 from here down. */
#define EXP2_LOWEST -1023.5
/* Adding this rounds to an integer n; the sum's low bits are then the exponent of 2^(n+1). Even, so that n = 0 for -0.5. */
#define ROUND_TO_BIASED (0x1.8p52 + 1024)
#define LN_2 0x1.62e42fefa39efp-1

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
