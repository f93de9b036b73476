/* What a thread does between two looks at a flag: tells the core that it waits, so that a sibling on the same core
 * runs on. Some 40 to 140 cycles on x86-64, a few on Arm. */
#ifndef ATTENTION_PAUSE_H
#define ATTENTION_PAUSE_H

static inline void cpu_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("isb");
#endif
}

#endif
