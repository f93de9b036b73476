#include "sets.h"

#if defined(__x86_64__)

#define SET roofline_avx2
#define SET_NAME "AVX2"
#define LANES 8
#define CHAINS 12

#include <immintrin.h>

#define MULTIPLY_ADD(x, a, b) ((Vector)_mm256_fmadd_ps((__m256)(x), (__m256)(a), (__m256)(b)))

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "bodies/loops.h"

#pragma clang attribute pop

#endif
