/* The loops of each instruction set that this architecture has. */
#ifndef ATTENTION_ROOFLINE_SETS_H
#define ATTENTION_ROOFLINE_SETS_H

#include "include/roofline.h"

/* No product and sum may be fused but by MULTIPLY_ADD. */
#pragma STDC FP_CONTRACT OFF

#define UNROLL _Pragma("clang loop unroll(full)")

extern const Roofline roofline_plain;

#if defined(__x86_64__)
extern const Roofline roofline_avx2;
extern const Roofline roofline_avx512;
#elif defined(__aarch64__)
extern const Roofline roofline_neon;
#endif

#endif
