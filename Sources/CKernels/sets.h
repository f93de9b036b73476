/* The tables of functions, one pair per instruction set that this architecture has. */
#ifndef ATTENTION_SETS_H
#define ATTENTION_SETS_H

#include "include/fused.h"
#include "include/kernels.h"

/* No product and sum may be fused but by multiply_add, so that the sets round as their bodies say. */
#pragma STDC FP_CONTRACT OFF

#define JOIN_EXPANDED(name, type) name##_##type
#define JOIN(name, type) JOIN_EXPANDED(name, type)
#define INLINE static inline __attribute__((always_inline))
/* What the compiler may not compute from what it knows: an address that is to stay in a register. */
#define OPAQUE(x) __asm__("" : "+r"(x))
#define UNROLL _Pragma("clang loop unroll(full)")

extern const KernelsF32 attention_plain_f32;
extern const KernelsF64 attention_plain_f64;
extern const FusedKernelsF32 attention_plain_fused_f32;
extern const FusedKernelsF64 attention_plain_fused_f64;

#if defined(__x86_64__)
extern const KernelsF32 attention_avx2_f32;
extern const KernelsF64 attention_avx2_f64;
extern const FusedKernelsF32 attention_avx2_fused_f32;
extern const FusedKernelsF64 attention_avx2_fused_f64;
extern const KernelsF32 attention_avx512_f32;
extern const KernelsF64 attention_avx512_f64;
extern const FusedKernelsF32 attention_avx512_fused_f32;
extern const FusedKernelsF64 attention_avx512_fused_f64;
#elif defined(__aarch64__)
extern const KernelsF32 attention_neon_f32;
extern const KernelsF64 attention_neon_f64;
extern const FusedKernelsF32 attention_neon_fused_f32;
extern const FusedKernelsF64 attention_neon_fused_f64;
#endif

#endif
