/* AVX-512's own ways: masked loads and stores, reductions, conversions of halves, and scalef, which takes any n and rounds
 * subnormals once. */

INLINE __m512 load_part_f32(const float *p, size_t count, float fill) {
  return _mm512_mask_loadu_ps(_mm512_set1_ps(fill), (__mmask16)((1u << count) - 1), p);
}

INLINE void store_part_f32(float *p, size_t count, __m512 v) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), v);
}

INLINE float sum_of_lanes_f32(__m512 v) { return _mm512_reduce_add_ps(v); }
INLINE float maximum_of_lanes_f32(__m512 v) { return _mm512_reduce_max_ps(v); }

INLINE __m512 scale_f32(__m512 v, __m512 rounded, __m512 n) {
  (void)rounded;
  return _mm512_scalef_ps(v, n);
}

INLINE __m512 fraction_of_f32(__m512 v) { return _mm512_reduce_ps(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }

/* Eight elements of two rows that are four rows apart. */
INLINE __m512 load_halves(const float *p, ptrdiff_t ld) {
  const __m256 low = _mm256_loadu_ps(p), high = _mm256_loadu_ps(p + 4 * ld);
  return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

INLINE __m512 unpack_low_pairs(__m512 a, __m512 b) {
  return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}

INLINE __m512 unpack_high_pairs(__m512 a, __m512 b) {
  return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}

/* 8 columns of 16 rows: column[i] holds element i of each row. The rows come in halves, so that the last step finds each
 * column's quarters in two vectors. */
INLINE void load_columns_f32(const float *p, ptrdiff_t ld, __m512 column[8]) {
  __m512 quarters[2][4];
  UNROLL for (ptrdiff_t half = 0; half < 2; half++) {
    const float *row = p + 8 * half * ld;
    const __m512 x0 = load_halves(row, ld), x1 = load_halves(row + ld, ld);
    const __m512 x2 = load_halves(row + 2 * ld, ld), x3 = load_halves(row + 3 * ld, ld);
    const __m512 low01 = _mm512_unpacklo_ps(x0, x1), high01 = _mm512_unpackhi_ps(x0, x1);
    const __m512 low23 = _mm512_unpacklo_ps(x2, x3), high23 = _mm512_unpackhi_ps(x2, x3);
    quarters[half][0] = unpack_low_pairs(low01, low23);
    quarters[half][1] = unpack_high_pairs(low01, low23);
    quarters[half][2] = unpack_low_pairs(high01, high23);
    quarters[half][3] = unpack_high_pairs(high01, high23);
  }
  UNROLL for (size_t i = 0; i < 4; i++) {
    column[i] = _mm512_shuffle_f32x4(quarters[0][i], quarters[1][i], 0x88);
    column[i + 4] = _mm512_shuffle_f32x4(quarters[0][i], quarters[1][i], 0xdd);
  }
}

INLINE __m512d load_part_f64(const double *p, size_t count, double fill) {
  return _mm512_mask_loadu_pd(_mm512_set1_pd(fill), (__mmask8)((1u << count) - 1), p);
}

INLINE void store_part_f64(double *p, size_t count, __m512d v) {
  _mm512_mask_storeu_pd(p, (__mmask8)((1u << count) - 1), v);
}

INLINE double sum_of_lanes_f64(__m512d v) { return _mm512_reduce_add_pd(v); }
INLINE double maximum_of_lanes_f64(__m512d v) { return _mm512_reduce_max_pd(v); }

INLINE __m512d scale_f64(__m512d v, __m512d rounded, __m512d n) {
  (void)rounded;
  return _mm512_scalef_pd(v, n);
}

INLINE __m512 singles_of_halves_f32(__m256i halves) { return _mm512_cvtph_ps(halves); }
INLINE __m256i halves_of_singles_f32(__m512 x) { return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT); }

INLINE __m256 singles_of_halves_f64(__m128i halves) { return _mm256_cvtph_ps(halves); }
INLINE __m128i halves_of_singles_f64(__m256 x) { return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT); }
INLINE __m512d fraction_of_f64(__m512d v) { return _mm512_reduce_pd(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
