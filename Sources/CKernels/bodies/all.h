/* The operations for one element type, in the order in which they use each other. */
#include "vector.h"

#include "exp.h"
#include "tanh.h"

#include "score_rules.h"
#include "row_exp.h"
#include "softmax_rows.h"
#include "softmax_step.h"
#include "rows.h"
#include "dot_axpy.h"
#include "halves.h"

#include "table.h"
