/* Which instruction set's tables of register-blocked attention the callers get: those whose kernels this CPU runs. */
#include "sets.h"

const FusedKernelsF32 *_Nullable fused_f32(KernelSet set) {
  if (!kernels_f32(set)) return NULL;
  switch (set) {
#if defined(__x86_64__)
    case KernelSetAVX2:
      return &attention_avx2_fused_f32;
    case KernelSetAVX512:
      return &attention_avx512_fused_f32;
#elif defined(__aarch64__)
    case KernelSetNEON:
      return &attention_neon_fused_f32;
#endif
    default:
      return &attention_plain_fused_f32;
  }
}

const FusedKernelsF64 *_Nullable fused_f64(KernelSet set) {
  if (!kernels_f64(set)) return NULL;
  switch (set) {
#if defined(__x86_64__)
    case KernelSetAVX2:
      return &attention_avx2_fused_f64;
    case KernelSetAVX512:
      return &attention_avx512_fused_f64;
#elif defined(__aarch64__)
    case KernelSetNEON:
      return &attention_neon_fused_f64;
#endif
    default:
      return &attention_plain_fused_f64;
  }
}
