/* Which instruction set's tables the callers get. */
#include <stdatomic.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "sets.h"

#if defined(__x86_64__)
/* Asked of the CPU itself: the compilers' tables of features have it only lately. */
static bool has_f16c(void) {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

/* Whether this CPU, and the system on it, runs the set. */
static bool runs(KernelSet set) {
  switch (set) {
    case KernelSetPlain:
      return true;
#if defined(__x86_64__)
    case KernelSetAVX2:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    case KernelSetAVX512:
      return runs(KernelSetAVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    case KernelSetNEON:
      return true;
#endif
    default:
      return false;
  }
}

/* The sets that this CPU runs, a bit each, and the highest bit once they are known. Threads that ask at the same time
 * store the same value. */
static uint32_t available(void) {
  static _Atomic uint32_t known;
  const uint32_t asked = UINT32_C(1) << 31;
  uint32_t sets = atomic_load_explicit(&known, memory_order_relaxed);
  if (sets == 0) {
    sets = asked;
    for (int set = KernelSetPlain; set <= KernelSetNEON; set++) {
      if (runs((KernelSet)set)) sets |= UINT32_C(1) << set;
    }
    atomic_store_explicit(&known, sets, memory_order_relaxed);
  }
  return sets;
}

static bool is_available(KernelSet set) {
  return set >= KernelSetPlain && set <= KernelSetNEON && (available() >> set & 1) != 0;
}

KernelSet kernels_selected(void) {
  static const KernelSet by_preference[] = {KernelSetAVX512, KernelSetAVX2, KernelSetNEON};
  for (size_t i = 0; i < sizeof by_preference / sizeof by_preference[0]; i++) {
    if (is_available(by_preference[i])) return by_preference[i];
  }
  return KernelSetPlain;
}

const char *kernels_name(KernelSet set) {
  switch (set) {
    case KernelSetPlain:
      return "plain";
    case KernelSetAVX2:
      return "AVX2";
    case KernelSetAVX512:
      return "AVX-512";
    case KernelSetNEON:
      return "NEON";
  }
  return "unknown";
}

const KernelsF32 *_Nullable kernels_f32(KernelSet set) {
  if (!is_available(set)) return NULL;
  switch (set) {
#if defined(__x86_64__)
    case KernelSetAVX2:
      return &attention_avx2_f32;
    case KernelSetAVX512:
      return &attention_avx512_f32;
#elif defined(__aarch64__)
    case KernelSetNEON:
      return &attention_neon_f32;
#endif
    default:
      return &attention_plain_f32;
  }
}

const KernelsF64 *_Nullable kernels_f64(KernelSet set) {
  if (!is_available(set)) return NULL;
  switch (set) {
#if defined(__x86_64__)
    case KernelSetAVX2:
      return &attention_avx2_f64;
    case KernelSetAVX512:
      return &attention_avx512_f64;
#elif defined(__aarch64__)
    case KernelSetNEON:
      return &attention_neon_f64;
#endif
    default:
      return &attention_plain_f64;
  }
}
