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
}
