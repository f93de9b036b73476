/* What was checked of an instruction set in an element type, and how far off the worst of it was. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Tally {
  size_t numbers;  /* compared with loops, each within a bound */
  size_t exact;    /* compared bit by bit, or that hold or don't */
  size_t failures;
  double largest;  /* error, of what is allowed */
  char current[128];
  char worst[192];
} Tally;

/* Names what the following comparisons are about. */
__attribute__((format(printf, 2, 3))) void tally_about(Tally *tally, const char *format, ...);

/* An error in units of what is allowed, at a place: a failure beyond 1, or if it is NaN. */
void tally_error(Tally *tally, double error, size_t row, size_t column);

/* Something that has to hold, at a place. */
void tally_check(Tally *tally, bool holds, size_t row, size_t column);

/* One line; whether nothing failed. */
bool tally_print(const Tally *tally, const char *set, const char *element);

#endif
