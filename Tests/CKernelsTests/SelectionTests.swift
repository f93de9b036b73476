import CKernels
import Testing

@Suite struct SelectionTests {
  @Test func selectedSetIsAvailable() {
    let selected = kernels_selected()
    #expect(kernels_f32(selected) != nil)
    #expect(kernels_f64(selected) != nil)
    #expect(kernels_selected() == selected)
  }

  @Test func plainIsAlwaysThere() {
    #expect(kernels_f32(KernelSetPlain) != nil)
    #expect(kernels_f64(KernelSetPlain) != nil)
  }

  @Test func bestAvailableSetIsSelected() {
    let best = [KernelSetAVX512, KernelSetAVX2, KernelSetNEON, KernelSetPlain].first { kernels_f32($0) != nil }
    #expect(kernels_selected() == best)
  }

  @Test func setsOfAnotherArchitectureAreNil() {
    #if arch(x86_64)
      #expect(kernels_f32(KernelSetNEON) == nil)
      #expect(kernels_f64(KernelSetNEON) == nil)
    #else
      #expect(kernels_f32(KernelSetAVX2) == nil)
      #expect(kernels_f64(KernelSetAVX512) == nil)
    #endif
    #expect(kernels_f32(KernelSet(rawValue: 17)) == nil)
  }

  @Test(arguments: [
    (KernelSetPlain, "plain"), (KernelSetAVX2, "AVX2"), (KernelSetAVX512, "AVX-512"), (KernelSetNEON, "NEON"),
  ])
  func names(set: KernelSet, name: String) {
    #expect(String(cString: kernels_name(set)) == name)
  }

  @Test func eightThreadsSelectTheSame() async {
    let selected = await withTaskGroup(of: UInt32.self) { group in
      for _ in 0..<8 { group.addTask { UInt32(kernels_selected().rawValue) } }
      return await group.reduce(into: Set<UInt32>()) { $0.insert($1) }
    }
    #expect(selected.count == 1)
  }
}
