#include "sets.h"

#define SET roofline_plain
#define SET_NAME "plain"
#define LANES 4
#define CHAINS 12
#define MULTIPLY_ADD(x, a, b) ((x) * (a) + (b))

#include "bodies/loops.h"
