/* NEON's own ways: reductions across the lanes, and conversions of halves. */
#include <arm_neon.h>

INLINE float sum_of_lanes_f32(float32x4_t v) { return vaddvq_f32(v); }
INLINE float maximum_of_lanes_f32(float32x4_t v) { return vmaxvq_f32(v); }

INLINE double sum_of_lanes_f64(float64x2_t v) { return vaddvq_f64(v); }
INLINE double maximum_of_lanes_f64(float64x2_t v) { return vmaxvq_f64(v); }

INLINE float32x4_t singles_of_halves_f32(uint16x4_t halves) { return vcvt_f32_f16(vreinterpret_f16_u16(halves)); }
INLINE uint16x4_t halves_of_singles_f32(float32x4_t x) { return vreinterpret_u16_f16(vcvt_f16_f32(x)); }

typedef uint16_t two_words __attribute__((ext_vector_type(2)));

INLINE float32x2_t singles_of_halves_f64(two_words halves) {
  return vget_low_f32(singles_of_halves_f32((uint16x4_t)__builtin_shufflevector(halves, halves, 0, 1, 0, 1)));
}

INLINE two_words halves_of_singles_f64(float32x2_t x) {
  const uint16x4_t halves = halves_of_singles_f32(vcombine_f32(x, x));
  return (two_words){halves[0], halves[1]};
}
