#define _GNU_SOURCE
#include "allocation_counter.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define ATTENTION_SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(ATTENTION_SANITIZED)

/* glibc's allocator under the names that it exports for those who replace the ordinary ones. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_ulong allocations;
static atomic_ulong large_allocations;

static void count(size_t size) {
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  if (size > 512) atomic_fetch_add_explicit(&large_allocations, 1, memory_order_relaxed);
}

void *malloc(size_t size) {
  count(size);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count(size);
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  count(size);
  void *given = __libc_memalign(alignment, size);
  if (given == NULL) return ENOMEM;
  *memory = given;
  return 0;
}

bool allocation_counter_is_available(void) { return true; }

unsigned long allocation_counter_current(void) {
  return atomic_load_explicit(&allocations, memory_order_relaxed);
}

unsigned long allocation_counter_large(void) {
  return atomic_load_explicit(&large_allocations, memory_order_relaxed);
}

#else

bool allocation_counter_is_available(void) { return false; }

unsigned long allocation_counter_current(void) { return 0; }

unsigned long allocation_counter_large(void) { return 0; }

#endif
