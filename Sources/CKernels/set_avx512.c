#include "sets.h"

#if defined(__x86_64__)

#define SET attention_avx512
#define FUSED_SET attention_avx512_fused
#define VECTOR_BYTES 64
#define REGISTERS 32
#define HAS_FMA 1
#define NATIVE_PARTS 1
#define NATIVE_LANES 1
#define NATIVE_HALVES 1
#define NATIVE_SCALE 1
#define NATIVE_EXP2 1

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), apply_to = function)

#include "vectors/avx512.h"

#define NATIVE_COLUMNS 8
#include "bodies/float.h"
#undef NATIVE_COLUMNS

#include "bodies/double.h"

#pragma clang attribute pop

#endif
