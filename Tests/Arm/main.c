/* The C kernels against straightforward loops, for every instruction set that this CPU, or its emulation, has.
 *
 * A line for each set and element type; status 1 if anything is wrong. `make check-arm` runs it natively and on Arm's user
 * emulation: it needs nothing but a C compiler and libc. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fused.h"
#include "set_checks.h"

/* What is being checked, for when the program meets memory that it may not touch. */
static Tally *present;

static void tell_and_die(int signal_number) {
  static const char start[] = "  memory outside of what was given is touched: ";
  if (present && write(STDOUT_FILENO, start, sizeof start - 1) > 0 &&
      write(STDOUT_FILENO, present->current, strlen(present->current)) > 0 && write(STDOUT_FILENO, "\n", 1) > 0) {
    /* Nothing more can be said. */
  }
  _exit(128 + signal_number);
}

/* Whether the choice of a set is one of those that are there, and what must be there is. */
static bool selection_is_right(void) {
  if (!kernels_f32(KernelSetPlain) || !kernels_f32(kernels_selected())) return false;
  for (int set = KernelSetPlain; set <= KernelSetNEON; set++) {
    const bool is_there = kernels_f32((KernelSet)set) != NULL;
    if ((kernels_f64((KernelSet)set) != NULL) != is_there || (fused_f32((KernelSet)set) != NULL) != is_there ||
        (fused_f64((KernelSet)set) != NULL) != is_there || strcmp(kernels_name((KernelSet)set), "unknown") == 0) {
      return false;
    }
  }
#if defined(__aarch64__)
  return kernels_selected() == KernelSetNEON && !kernels_f32(KernelSetAVX2) && !kernels_f32(KernelSetAVX512);
#else
  return !kernels_f32(KernelSetNEON);
#endif
}

int main(void) {
  signal(SIGSEGV, tell_and_die);
  signal(SIGBUS, tell_and_die);
  bool passed = selection_is_right();
  if (!passed) printf("the tables of functions are not those that this CPU should have\n");
  for (int set = KernelSetPlain; set <= KernelSetNEON; set++) {
    const char *name = kernels_name((KernelSet)set);
    if (!kernels_f32((KernelSet)set)) continue;
    Tally in_float = {0}, in_double = {0};
    present = &in_float;
    check_set_f32((KernelSet)set, &in_float);
    passed &= tally_print(&in_float, name, "Float");
    present = &in_double;
    check_set_f64((KernelSet)set, &in_double);
    passed &= tally_print(&in_double, name, "Double");
  }
  return passed ? 0 : 1;
}
