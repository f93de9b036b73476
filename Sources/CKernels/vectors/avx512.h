/* AVX-512's own ways: masked loads and stores, reductions, and scalef, which takes any n and rounds subnormals once. */

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

INLINE __m512d fraction_of_f64(__m512d v) { return _mm512_reduce_pd(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
