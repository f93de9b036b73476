/* Combinations of the rules for scores, and sizes to try them at. */
#ifndef RULE_CASE_H
#define RULE_CASE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct RuleCase {
  bool softcap, bias, keep, ranges;
  bool shared; /* one row of bias and of keep for all */
} RuleCase;

enum { RULE_CASES = 32 };

static inline RuleCase rule_case(size_t bits) {
  return (RuleCase){.softcap = bits & 1, .bias = bits & 2, .keep = bits & 4, .ranges = bits & 8, .shared = bits & 16};
}

/* Around every vector's width, and around four and eight vectors of the widest. */
static const size_t remainder_counts[] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,  23,  24,
    25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,  48,  49,
    50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 95, 97, 127, 128, 129, 130};

#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
