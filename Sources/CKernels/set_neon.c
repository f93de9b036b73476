#include "sets.h"

#if defined(__aarch64__)

#define SET attention_neon
#define FUSED_SET attention_neon_fused
#define VECTOR_BYTES 16
#define REGISTERS 32
#define HAS_FMA 1
#define NATIVE_LANES 1
#define NATIVE_HALVES 1

#include "vectors/neon.h"

#include "bodies/float.h"

#include "bodies/double.h"

#endif
