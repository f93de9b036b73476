/* Memory that is read once, by several streams at a time, each in order. */

/* How many elements ahead a stream asks for its lines; rows are `ld` apart and `size` long, and where there are gaps between them it
 * is whole rows. AVX2: 256 bytes, as the core's own prefetching follows such streams by itself and requests far ahead take the
 * places in which it keeps the lines that it waits for. As measured on Zen 3, four streams that ask for nothing read 20 to 23 GB/s
 * where two that ask 4096 bytes ahead read 14 to 17, and decoding from memory is faster than at 4096 bytes for all streams together:
 * four rows 1.13 times, eight 1.06 to 1.13, two 1.07, one as before. Other vectors: `elsewhere` bytes, not measured anew. */
INLINE ptrdiff_t FN(stream_ahead)(size_t elsewhere, ptrdiff_t ld, size_t size) {
  const ptrdiff_t elements = (ptrdiff_t)((VECTOR_BYTES == 32 ? 256 : elsewhere) / sizeof(T));
  const ptrdiff_t row = size > 0 ? (ptrdiff_t)size : 1;
  return ld == row ? elements : (elements + row - 1) / row * ld;
}
