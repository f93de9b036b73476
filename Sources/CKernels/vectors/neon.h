/* NEON's own ways: reductions across the lanes. */
#include <arm_neon.h>

INLINE float sum_of_lanes_f32(float32x4_t v) { return vaddvq_f32(v); }
INLINE float maximum_of_lanes_f32(float32x4_t v) { return vmaxvq_f32(v); }

INLINE double sum_of_lanes_f64(float64x2_t v) { return vaddvq_f64(v); }
INLINE double maximum_of_lanes_f64(float64x2_t v) { return vmaxvq_f64(v); }
