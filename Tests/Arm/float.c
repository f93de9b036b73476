/* The checks in Float, against loops in Double. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "fenced.h"
#include "fused.h"
#include "numbers.h"
#include "rule_case.h"
#include "set_checks.h"

/* Products and sums are rounded one by one, as written. */
#pragma STDC FP_CONTRACT OFF

#define T float
#define BITS uint32_t
#define FN(name) name##_f32
#define KERNELS KernelsF32
#define RULES ScoreRulesF32
#define FUSED FusedKernelsF32
#define BLOCK FusedBlockF32
#define INPUT_ROWS FusedInputRowsF32
#define OUTPUT_ROWS FusedOutputRowsF32
#define EPSILON FLT_EPSILON
#define SMALLEST_NORMAL FLT_MIN
#define GREATEST FLT_MAX
#define DIGITS FLT_MANT_DIG
#define NEXT nextafterf
#define FMA fmaf
/* What Float is compared with. */
#define WIDE double
#define WIDE_EXP exp
#define WIDE_EXP2 exp2
#define WIDE_LOG log
#define WIDE_TANH tanh
#define WIDE_ABS fabs
#define IS_SINGLE 1

#include "checks/all.h"
