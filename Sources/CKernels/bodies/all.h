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

#include "exp2.h"
#include "transpose.h"
#include "streams.h"
#include "few_rows.h"
#include "fused_block.h"
#include "fused_ahead.h"
#include "fused_scores.h"
#include "fused_rules.h"
#include "fused_powers.h"
#include "fused_values.h"
#include "fused_dots.h"
#include "fused_few.h"
#include "fused_few_powers.h"
#include "fused_few_values.h"
#include "fused_step.h"

#include "packed_product.h"

#include "table.h"
