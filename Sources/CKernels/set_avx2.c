#include "sets.h"

#if defined(__x86_64__)

#define SET attention_avx2
#define FUSED_SET attention_avx2_fused
#define VECTOR_BYTES 32
#define REGISTERS 16
#define HAS_FMA 1
#define NATIVE_PARTS 1
#define NATIVE_LANES 1
#define NATIVE_HALVES 1
#define NATIVE_HALF_SUMS 1

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "vectors/avx2.h"

#define NATIVE_COLUMNS 4
#include "bodies/float.h"
#undef NATIVE_COLUMNS

#define NATIVE_COLUMNS 2
#include "bodies/double.h"
#undef NATIVE_COLUMNS

#pragma clang attribute pop

#endif
