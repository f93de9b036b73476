/* Memory that is read once, in order, by several streams at a time. */

/* How many bytes ahead each stream asks for its lines. AVX2: no farther than the core's own prefetching, which follows streams that
 * it sees read in order, doesn't reach yet. As measured on Zen 3, a thread reads 15 to 17 GB/s where lines are asked for 4096 bytes
 * ahead and 21 to 23 GB/s at 512 or not at all; decoding is 1.13 times as fast at 256 as at 2048 (four rows; eight 1.06 to 1.13, two
 * 1.07, one even). Other vectors: `elsewhere`, as measured with AVX-512 on another core. */
INLINE size_t FN(stream_ahead)(size_t elsewhere) { return VECTOR_BYTES == 32 ? 256 : elsewhere; }
