import Tensors
import Testing

@Suite struct BLASConfigurationTests {
  @Test("Library, kernels and threads are named")
  func fields() {
    let configuration = BLASConfiguration.current
    #expect(configuration.library.hasPrefix("OpenBLAS"))
    #expect(!configuration.coreName.isEmpty)
    #expect(configuration.threadCount >= 1)
    #expect(!configuration.kernelSet.isEmpty)
    #expect((configuration.warning != nil) == configuration.usesSlowerKernels)
    if let warning = configuration.warning { #expect(warning.contains(configuration.coreName)) }
  }

  @Test(
    "Kernels for fewer instructions than the CPU's are slower",
    arguments: [
      ("Haswell", "AVX-512", true), ("Zen", "AVX-512", true), ("Prescott", "AVX-512", true),
      ("SkylakeX", "AVX-512", false), ("Cooperlake", "AVX-512", false), ("SapphireRapids", "AVX-512", false),
      ("Haswell", "AVX2", false), ("Zen", "AVX2", false), ("Nehalem", "AVX2", true), ("Prescott", "AVX2", true),
      ("Prescott", "plain", false), ("NEOVERSEN1", "NEON", false),
    ])
  func slowerKernels(core: String, set: String, isSlower: Bool) {
    func configuration(pinned: String?) -> BLASConfiguration {
      BLASConfiguration(library: "OpenBLAS", coreName: core, threadCount: 1, pinnedCore: pinned, kernelSet: set)
    }
    #expect(configuration(pinned: nil).usesSlowerKernels == isSlower)
    #expect(configuration(pinned: nil).warning?.contains("chose its \(core)") == (isSlower ? true : nil))
    #expect(configuration(pinned: core).warning?.contains("OPENBLAS_CORETYPE=\(core)") == (isSlower ? true : nil))
  }
}
