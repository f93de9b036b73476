/* All checks for one element type, in the order in which they use each other. */
#include "matrix.h"
#include "ulps.h"

#include "score_oracle.h"

#include "elements.h"
#include "few_rows.h"
#include "halves.h"
#include "packed_product.h"
#include "rows.h"
#include "softmax.h"

#include "fused_problem.h"
#include "fused_oracle.h"

#include "fused_sizes.h"
#include "fused_rules.h"
#include "fused_bits.h"
#include "fused_edges.h"

void FN(check_set)(KernelSet set, Tally *tally) {
  const KERNELS *kernels = FN(kernels)(set);
  const FUSED *fused = FN(fused)(set);
  FN(check_elements)(kernels, set, tally);
  FN(check_few_rows)(kernels, tally);
  FN(check_halves)(kernels, tally);
  FN(check_packed_product)(kernels, tally);
  FN(check_rows)(kernels, tally);
  FN(check_softmax)(kernels, tally);
  FN(check_fused_sizes)(fused, tally);
  FN(check_fused_rules)(fused, tally);
  FN(check_fused_bits)(fused, tally);
  FN(check_fused_edges)(fused, set, tally);
}
