/* What the cores can do at most, to hold measured speeds against: multiply-adds in registers, and reading.
 *
 * One body, compiled once per instruction set. Float only. Nothing allocates, prints or keeps state.
 */
#ifndef ATTENTION_ROOFLINE_H
#define ATTENTION_ROOFLINE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/* The two loops in one instruction set.
 *
 * name              as the package's kernels name their sets: AVX-512, AVX2, NEON, plain.
 * operations        floating-point operations of a round: two for each lane of each chain.
 * multiply_adds     x = x*factor + addend in as many independent chains of vectors as hide the latency, `rounds` times; the
 *                   sum of all lanes, so that nothing is left out. Chain i starts at i + 1 in each lane. The plain set
 *                   multiplies, then adds, as the package's plain kernels do.
 * read              the sum of 2*count numbers, each read once, first and second in step, as decoding has keys and values. Lines
 *                   `distance` bytes ahead of where it reads are asked for; 0: the core's own prefetching alone.
 */
typedef struct Roofline {
  const char *name;
  size_t operations;
  float (*multiply_adds)(size_t rounds, float factor, float addend);
  float (*read)(const float *first, const float *second, size_t count, size_t distance);
} Roofline;

/* The set of that name; NULL where this CPU (or this architecture) lacks it. */
const Roofline *_Nullable roofline_named(const char *name);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
