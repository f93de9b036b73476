/* All checks of an instruction set in one element type; the set has to be there. */
#ifndef SET_CHECKS_H
#define SET_CHECKS_H

#include "kernels.h"
#include "tally.h"

void check_set_f32(KernelSet set, Tally *tally);
void check_set_f64(KernelSet set, Tally *tally);

#endif
