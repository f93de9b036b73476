#include "tally.h"

#include <stdarg.h>
#include <stdio.h>

/* Failures that are told; the others are counted. */
enum { TOLD = 5 };

void tally_about(Tally *tally, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(tally->current, sizeof tally->current, format, arguments);
  va_end(arguments);
}

static void fail(Tally *tally, const char *what, double error, size_t row, size_t column) {
  if (tally->failures++ < TOLD) {
    printf("  %s: %s", tally->current, what);
    if (error != 0) printf(" %g", error);
    printf(" at [%zu, %zu]\n", row, column);
  }
}

void tally_error(Tally *tally, double error, size_t row, size_t column) {
  tally->numbers++;
  if (!(error <= tally->largest)) {
    tally->largest = error;
    snprintf(tally->worst, sizeof tally->worst, "%s, at [%zu, %zu]", tally->current, row, column);
  }
  if (!(error <= 1)) fail(tally, "in units of the bound, off by", error, row, column);
}

void tally_check(Tally *tally, bool holds, size_t row, size_t column) {
  tally->exact++;
  if (!holds) fail(tally, "wrong", 0, row, column);
}

bool tally_print(const Tally *tally, const char *set, const char *element) {
  printf("%s, %s: %zu numbers within bounds, the largest error %.2f of its bound (%s); %zu comparisons bit by bit; %zu failed\n",
         set, element, tally->numbers, tally->largest, tally->worst, tally->exact, tally->failures);
  fflush(stdout);
  return tally->failures == 0 && tally->numbers > 0 && tally->exact > 0;
}
