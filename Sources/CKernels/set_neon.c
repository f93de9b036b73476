#include "sets.h"

#if defined(__aarch64__)

#define SET attention_neon
#define VECTOR_BYTES 16
#define HAS_FMA 1
#define NATIVE_LANES 1
#define NATIVE_HALVES 1

#include "vectors/neon.h"

#include "bodies/float.h"

#include "bodies/double.h"

#endif
