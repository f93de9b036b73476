/* Numbers of 16 bits: binary16, and bfloat16 (the upper half of a float). Both go through float, LANES of them. */

typedef uint16_t FN(words) __attribute__((ext_vector_type(LANES)));
typedef uint16_t FN(unaligned_words) __attribute__((ext_vector_type(LANES), aligned(2)));
typedef float FN(singles) __attribute__((ext_vector_type(LANES)));
typedef uint32_t FN(single_bits) __attribute__((ext_vector_type(LANES)));
typedef int32_t FN(single_lanes) __attribute__((ext_vector_type(LANES)));

INLINE FN(words) FN(load_words)(const uint16_t *p, size_t count) {
  if (count >= LANES) return *(const FN(unaligned_words) *)p;
  FN(words) words = 0;
  __builtin_memcpy(&words, p, count * sizeof *p);
  return words;
}

INLINE void FN(store_words)(uint16_t *p, size_t count, FN(words) words) {
  if (count >= LANES) {
    *(FN(unaligned_words) *)p = words;
  } else {
    __builtin_memcpy(p, &words, count * sizeof *p);
  }
}

#if !NATIVE_HALVES
/* Without a subnormal float on the way, which a host may have told the CPU to take for 0. */
INLINE FN(singles) FN(singles_of_halves)(FN(words) halves) {
  const FN(single_bits) half = __builtin_convertvector(halves, FN(single_bits));
  const FN(single_bits) magnitude = (half & 0x7FFF) << 13; /* exponent and fraction where a float has them */
  const FN(single_bits) normal = magnitude + (112u << 23);
  const FN(single_bits) smallest = (FN(single_bits))(113u << 23); /* 2^-14 */
  const FN(single_bits) subnormal = (FN(single_bits))((FN(singles))(magnitude | smallest) - (FN(singles))smallest);
  const FN(single_bits) special = normal + (112u << 23);
  const FN(single_bits) quiet = magnitude > (FN(single_bits))(31u << 23) ? (FN(single_bits))(1u << 22) : 0;
  const FN(single_bits) bits =
      magnitude >= (FN(single_bits))(31u << 23) ? special | quiet : magnitude < (1u << 23) ? subnormal : normal;
  return (FN(singles))(bits | (half & 0x8000) << 16);
}

INLINE FN(words) FN(halves_of_singles)(FN(singles) x) {
  const FN(single_bits) bits = (FN(single_bits))x;
  const FN(single_bits) magnitude = bits & 0x7FFFFFFF;
  const FN(single_bits) normal = (magnitude - (112u << 23) + 0xFFF + (magnitude >> 13 & 1)) >> 13;
  /* The last place of 0.5 is that of subnormal halves, so that the addition rounds. */
  const FN(single_bits) half = (FN(single_bits))(126u << 23);
  const FN(single_bits) subnormal = (FN(single_bits))((FN(singles))magnitude + 0.5f) - half;
  const FN(single_bits) special =
      magnitude > (FN(single_bits))(255u << 23) ? 0x7E00 | (magnitude >> 13 & 0x3FF) : (FN(single_bits))0x7C00;
  const FN(single_bits) result =
      magnitude >= (FN(single_bits))(143u << 23) ? special : magnitude < (113u << 23) ? subnormal : normal;
  return __builtin_convertvector(result | (bits >> 16 & 0x8000), FN(words));
}
#endif

INLINE FN(words) FN(upper_halves)(FN(singles) x) {
  const FN(single_bits) bits = (FN(single_bits))x;
  const FN(single_bits) rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  /* Cut off alone, a NaN could become an infinity. */
  const FN(single_bits) result = x != x ? bits >> 16 | 0x40 : rounded;
  return __builtin_convertvector(result, FN(words));
}

/* x in float, so that rounding it again is rounding x once. */
INLINE FN(singles) FN(singles_to_round)(V x) {
#if IS_SINGLE
  return x;
#else
  /* To odd: an inexact result has its last bit set, so that a tie of the second rounding is seen for what it is
   * (Boldo and Melquiond 2008, "Emulation of FMA and correctly rounded sums"). */
  const FN(singles) nearest = __builtin_convertvector(x, FN(singles));
  const FN(single_bits) bits = (FN(single_bits))nearest;
  const V back = __builtin_convertvector(nearest, V);
  const FN(single_lanes) inexact = __builtin_convertvector(back != x, FN(single_lanes));
  const FN(single_lanes) above =
      __builtin_convertvector(__builtin_elementwise_abs(back) > __builtin_elementwise_abs(x), FN(single_lanes));
  const FN(single_bits) odd = above != 0 ? bits - 1 : bits + 1;
  return (FN(singles))(((inexact != 0) & ((bits & 1) == 0)) ? odd : bits);
#endif
}

INLINE V FN(vector_of_singles)(FN(singles) x) {
#if IS_SINGLE
  return x;
#else
  return __builtin_convertvector(x, V);
#endif
}

static void FN(widen_f16)(const uint16_t *x, T *y, size_t count) {
  for (size_t i = 0; i < count; i += LANES) {
    const FN(singles) singles = FN(singles_of_halves)(FN(load_words)(x + i, count - i));
    FN(store_up_to)(y + i, count - i, FN(vector_of_singles)(singles));
  }
}

static void FN(widen_bf16)(const uint16_t *x, T *y, size_t count) {
  for (size_t i = 0; i < count; i += LANES) {
    const FN(single_bits) upper = __builtin_convertvector(FN(load_words)(x + i, count - i), FN(single_bits)) << 16;
    FN(store_up_to)(y + i, count - i, FN(vector_of_singles)((FN(singles))upper));
  }
}

static void FN(narrow_f16)(const T *x, uint16_t *y, size_t count) {
  for (size_t i = 0; i < count; i += LANES) {
    const FN(singles) singles = FN(singles_to_round)(FN(load_up_to)(x + i, count - i, 0));
    FN(store_words)(y + i, count - i, FN(halves_of_singles)(singles));
  }
}

static void FN(narrow_bf16)(const T *x, uint16_t *y, size_t count) {
  for (size_t i = 0; i < count; i += LANES) {
    const FN(singles) singles = FN(singles_to_round)(FN(load_up_to)(x + i, count - i, 0));
    FN(store_words)(y + i, count - i, FN(upper_halves)(singles));
  }
}
