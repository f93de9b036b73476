/* AVX2's own ways: loads and stores under a mask of sign bits, reductions by halves, columns by halves, and F16C. */

INLINE __m256i first_lanes_f32(size_t count) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lane);
}

INLINE __m256 load_part_f32(const float *p, size_t count, float fill) {
  const __m256i mask = first_lanes_f32(count);
  return _mm256_blendv_ps(_mm256_set1_ps(fill), _mm256_maskload_ps(p, mask), _mm256_castsi256_ps(mask));
}

INLINE void store_part_f32(float *p, size_t count, __m256 v) { _mm256_maskstore_ps(p, first_lanes_f32(count), v); }

INLINE float sum_of_lanes_f32(__m256 v) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

INLINE float maximum_of_lanes_f32(__m256 v) {
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

/* Lanes l and l ^ half added: those of x where l has no bit `half`, those of y where it has. Zips are four instructions here, a
 * blend and a permutation are two. */
INLINE __m256 half_sums_f32(__m256 x, __m256 y, size_t half) {
  if (half == 4) return _mm256_add_ps(_mm256_blend_ps(x, y, 0xF0), _mm256_permute2f128_ps(x, y, 0x21));
  if (half == 2) return _mm256_add_ps(_mm256_blend_ps(x, y, 0xCC), _mm256_shuffle_ps(x, y, 0x4E));
  return _mm256_add_ps(_mm256_blend_ps(x, y, 0xAA), _mm256_permute_ps(_mm256_blend_ps(x, y, 0x55), 0xB1));
}

INLINE __m256d half_sums_f64(__m256d x, __m256d y, size_t half) {
  if (half == 2) return _mm256_add_pd(_mm256_blend_pd(x, y, 0xC), _mm256_permute2f128_pd(x, y, 0x21));
  return _mm256_add_pd(_mm256_blend_pd(x, y, 0xA), _mm256_shuffle_pd(x, y, 0x5));
}

/* 4 columns of 8 rows: column[i] holds element i of each row. Rows r and r + 4 come as the halves of a vector, so that no step
 * crosses them: half the instructions of turning a square. */
INLINE void load_columns_f32(const float *p, ptrdiff_t ld, __m256 column[4]) {
  __m256 x[4];
  UNROLL for (ptrdiff_t i = 0; i < 4; i++) {
    x[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + i * ld)), _mm_loadu_ps(p + (i + 4) * ld), 1);
  }
  const __m256 low01 = _mm256_unpacklo_ps(x[0], x[1]), high01 = _mm256_unpackhi_ps(x[0], x[1]);
  const __m256 low23 = _mm256_unpacklo_ps(x[2], x[3]), high23 = _mm256_unpackhi_ps(x[2], x[3]);
  column[0] = _mm256_shuffle_ps(low01, low23, 0x44);
  column[1] = _mm256_shuffle_ps(low01, low23, 0xEE);
  column[2] = _mm256_shuffle_ps(high01, high23, 0x44);
  column[3] = _mm256_shuffle_ps(high01, high23, 0xEE);
}

/* 2 columns of 4 rows, likewise. */
INLINE void load_columns_f64(const double *p, ptrdiff_t ld, __m256d column[2]) {
  __m256d x[2];
  UNROLL for (ptrdiff_t i = 0; i < 2; i++) {
    x[i] = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p + i * ld)), _mm_loadu_pd(p + (i + 2) * ld), 1);
  }
  column[0] = _mm256_unpacklo_pd(x[0], x[1]);
  column[1] = _mm256_unpackhi_pd(x[0], x[1]);
}

INLINE __m256i first_lanes_f64(size_t count) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)count), _mm256_setr_epi64x(0, 1, 2, 3));
}

INLINE __m256d load_part_f64(const double *p, size_t count, double fill) {
  const __m256i mask = first_lanes_f64(count);
  return _mm256_blendv_pd(_mm256_set1_pd(fill), _mm256_maskload_pd(p, mask), _mm256_castsi256_pd(mask));
}

INLINE void store_part_f64(double *p, size_t count, __m256d v) { _mm256_maskstore_pd(p, first_lanes_f64(count), v); }

INLINE double sum_of_lanes_f64(__m256d v) {
  const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
  return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}

INLINE double maximum_of_lanes_f64(__m256d v) {
  const __m128d half = _mm_max_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
  return _mm_cvtsd_f64(_mm_max_sd(half, _mm_unpackhi_pd(half, half)));
}

INLINE __m256 singles_of_halves_f32(__m128i halves) { return _mm256_cvtph_ps(halves); }
INLINE __m128i halves_of_singles_f32(__m256 x) { return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT); }

typedef uint16_t four_words __attribute__((ext_vector_type(4)));

INLINE __m128 singles_of_halves_f64(four_words halves) {
  return _mm_cvtph_ps(__builtin_shufflevector(halves, halves, 0, 1, 2, 3, 0, 1, 2, 3));
}

INLINE four_words halves_of_singles_f64(__m128 x) {
  const __v8hu halves = (__v8hu)_mm_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
  return __builtin_shufflevector(halves, halves, 0, 1, 2, 3);
}
