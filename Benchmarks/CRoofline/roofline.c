/* Which instruction sets this CPU, and the system on it, runs. */
#include <string.h>

#include "sets.h"

const Roofline *_Nullable roofline_named(const char *name) {
  if (strcmp(name, roofline_plain.name) == 0) return &roofline_plain;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const int runs_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (strcmp(name, roofline_avx2.name) == 0) return runs_avx2 ? &roofline_avx2 : NULL;
  if (strcmp(name, roofline_avx512.name) == 0) {
    return runs_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
               ? &roofline_avx512
               : NULL;
  }
#elif defined(__aarch64__)
  if (strcmp(name, roofline_neon.name) == 0) return &roofline_neon;
#endif
  return NULL;
}
