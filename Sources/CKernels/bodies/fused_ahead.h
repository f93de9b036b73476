/* Prefetches of what is wanted soon, spread over the computation. They never fault, so reaching past an array's end is harmless. */

#define LINE (64 / sizeof(T))

/* For few rows: how many keys are fetched ahead of the arithmetic that turns them (as measured: nearer, memory is waited for;
 * farther, the first level of the cache is too small). */
#define KEYS_AHEAD 40

/* Goes through regions line by line. */
typedef struct FN(Fetcher) {
  const FusedAhead *region, *end;
  size_t row, offset;
} FN(Fetcher);

INLINE size_t FN(ahead_lines)(const BLOCK *block) {
  size_t lines = 0;
  for (size_t i = 0; i < block->ahead_count; i++) lines += block->ahead[i].rows * ((block->ahead[i].row_bytes + 63) / 64);
  return lines;
}

static void FN(fetch)(FN(Fetcher) *fetcher, size_t lines) {
  for (; lines > 0 && fetcher->region < fetcher->end; lines--) {
    const FusedAhead *region = fetcher->region;
    if (fetcher->row >= region->rows) {
      fetcher->region++;
      fetcher->row = fetcher->offset = 0;
      continue;
    }
    __builtin_prefetch((const char *)region->base + (ptrdiff_t)fetcher->row * region->stride + fetcher->offset, 0, 2);
    fetcher->offset += 64;
    if (fetcher->offset >= region->row_bytes) {
      fetcher->offset = 0;
      fetcher->row++;
    }
  }
}
