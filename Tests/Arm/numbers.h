/* Reproducible numbers: SplitMix64 (Steele, Lea and Flood 2014). */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdint.h>

typedef struct Numbers {
  uint64_t state;
} Numbers;

static inline uint64_t number_bits(Numbers *numbers) {
  numbers->state += UINT64_C(0x9E3779B97F4A7C15);
  uint64_t z = numbers->state;
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/* Uniform in [low, high). */
static inline double number_between(Numbers *numbers, double low, double high) {
  return low + (high - low) * (double)(number_bits(numbers) >> 11) * 0x1p-53;
}

#endif
