/* The checks in Double, against loops in long double: 64 significant bits on x86-64, 113 on Arm. */
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

#define T double
#define BITS uint64_t
#define FN(name) name##_f64
#define KERNELS KernelsF64
#define RULES ScoreRulesF64
#define FUSED FusedKernelsF64
#define BLOCK FusedBlockF64
#define INPUT_ROWS FusedInputRowsF64
#define OUTPUT_ROWS FusedOutputRowsF64
#define EPSILON DBL_EPSILON
#define SMALLEST_NORMAL DBL_MIN
#define GREATEST DBL_MAX
#define DIGITS DBL_MANT_DIG
#define NEXT nextafter
#define FMA fma
#define WIDE long double
#define WIDE_EXP expl
#define WIDE_EXP2 exp2l
#define WIDE_LOG logl
#define WIDE_TANH tanhl
#define WIDE_ABS fabsl
#define IS_SINGLE 0

#include "checks/all.h"
