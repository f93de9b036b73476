/* Counts the memory allocations of this process, on all threads, by standing before the C library's allocator. */
#ifndef ATTENTION_ALLOCATION_COUNTER_H
#define ATTENTION_ALLOCATION_COUNTER_H

#include <stdbool.h>

/* Whether allocations can be counted here: with glibc, and without a sanitizer, which has an allocator of its own. */
bool allocation_counter_is_available(void);

/* How many times memory was asked for so far: malloc, calloc, realloc, posix_memalign, aligned_alloc, memalign. Everything
 * else that allocates (Swift's objects, C++'s new, strdup) comes through these. */
unsigned long allocation_counter_current(void);

/* How many of them asked for more than 512 bytes: not a closure or a small array, but memory to work in. */
unsigned long allocation_counter_large(void);

#endif
