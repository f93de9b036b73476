#include "sets.h"

#if defined(__aarch64__)

#define SET roofline_neon
#define SET_NAME "NEON"
#define LANES 4
#define CHAINS 24

#include <arm_neon.h>

#define MULTIPLY_ADD(x, a, b) ((Vector)vfmaq_f32((float32x4_t)(b), (float32x4_t)(x), (float32x4_t)(a)))

#include "bodies/loops.h"

#endif
