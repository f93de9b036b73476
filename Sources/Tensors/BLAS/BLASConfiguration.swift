internal import CKernels
internal import COpenBLAS
internal import Glibc

/// What BLAS library runs, which of its kernels it chose, and which instruction set our own kernels use.
///
/// Read at run time: Debian's alternatives can put another OpenBLAS behind the same file name.
public struct BLASConfiguration: Sendable, Equatable {
  /// What the library says of its build: version, options, threading.
  public let library: String
  /// The name of the kernel set in use, such as `Haswell` or `SkylakeX`.
  public let coreName: String
  /// The library's thread count, outside our calls.
  public let threadCount: Int
  /// The kernel set that the environment variable OPENBLAS_CORETYPE asks for, if any.
  public let pinnedCore: String?
  /// The instruction set of our own kernels, such as `AVX-512`.
  public let kernelSet: String
  /// Whether OpenBLAS uses a kernel set without AVX-512 on a CPU that has it.
  public let usesSlowerKernels: Bool

  /// The present configuration.
  public static var current: BLASConfiguration {
    let core = String(cString: openblas_get_corename())
    let set = kernels_selected()
    let wideCores: Set<String> = ["skylakex", "cooperlake", "sapphirerapids"]
    return BLASConfiguration(
      library: String(cString: openblas_get_config()),
      coreName: core,
      threadCount: BLASThreads.outsideCalls,
      pinnedCore: getenv("OPENBLAS_CORETYPE").map { String(cString: $0) },
      kernelSet: String(cString: kernels_name(set)),
      usesSlowerKernels: set == KernelSetAVX512 && !wideCores.contains(core.lowercased()))
  }

  /// One sentence when the environment pins slower kernels than the CPU's own; nil otherwise.
  public var warning: String? {
    guard usesSlowerKernels else { return nil }
    guard let pinnedCore else {
      return "OpenBLAS chose its \(coreName) kernels, although this CPU has AVX-512: expect about half its speed."
    }
    return "OPENBLAS_CORETYPE=\(pinnedCore) pins OpenBLAS to its \(coreName) kernels, although this CPU has AVX-512: "
      + "expect about half its speed; unset the variable to let OpenBLAS choose."
  }
}
