/* 16-byte vectors, which the compiler maps to whatever the architecture's base has (SSE2 on x86-64). */
#include "sets.h"

#define SET attention_plain
#define FUSED_SET attention_plain_fused
#define VECTOR_BYTES 16
#define REGISTERS 16
#define HAS_FMA 0

#include "bodies/float.h"

#include "bodies/double.h"
