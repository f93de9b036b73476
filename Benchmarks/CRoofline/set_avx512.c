#include "sets.h"

#if defined(__x86_64__)

#define SET roofline_avx512
#define SET_NAME "AVX-512"
#define LANES 16
#define CHAINS 24

#include <immintrin.h>

#define MULTIPLY_ADD(x, a, b) ((Vector)_mm512_fmadd_ps((__m512)(x), (__m512)(a), (__m512)(b)))

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), apply_to = function)

#include "bodies/loops.h"

#pragma clang attribute pop

#endif
