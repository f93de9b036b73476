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
  /// Whether OpenBLAS uses kernels for fewer instructions than this CPU has.
  public let usesSlowerKernels: Bool

  /// The present configuration.
  public static var current: BLASConfiguration {
    BLASConfiguration(
      library: String(cString: openblas_get_config()),
      coreName: String(cString: openblas_get_corename()),
      threadCount: BLASThreads.outsideCalls,
      pinnedCore: getenv("OPENBLAS_CORETYPE").map { String(cString: $0) },
      kernelSet: String(cString: kernels_name(kernels_selected())))
  }

  package init(library: String, coreName: String, threadCount: Int, pinnedCore: String?, kernelSet: String) {
    self.library = library
    self.coreName = coreName
    self.threadCount = threadCount
    self.pinnedCore = pinnedCore
    self.kernelSet = kernelSet
    usesSlowerKernels = Self.width(ofCore: coreName) < Self.width(ofSet: kernelSet)
  }

  /// Bits of the vectors that an OpenBLAS kernel set of x86 computes with; a set unknown here counts as the widest.
  private static func width(ofCore core: String) -> Int {
    let narrow: Set<String> = [
      "katmai", "coppermine", "northwood", "prescott", "banias", "core2", "penryn", "dunnington", "nehalem", "atom",
      "athlon", "opteron", "opteron_sse3", "barcelona", "bobcat", "nano", "generic",
    ]
    let medium: Set<String> = ["sandybridge", "bulldozer", "piledriver", "steamroller", "excavator", "haswell", "zen"]
    let name = core.lowercased()
    return narrow.contains(name) ? 128 : medium.contains(name) ? 256 : 512
  }

  private static func width(ofSet set: String) -> Int {
    switch set {
    case "AVX-512": 512
    case "AVX2": 256
    default: 128
    }
  }

  /// One sentence when OpenBLAS runs slower kernels than the CPU's own, as when the environment pins them; nil otherwise.
  public var warning: String? {
    guard usesSlowerKernels else { return nil }
    let reason = "although this CPU has \(kernelSet): expect half of its speed or less"
    guard let pinnedCore else { return "OpenBLAS chose its \(coreName) kernels, \(reason)." }
    return "OPENBLAS_CORETYPE=\(pinnedCore) pins OpenBLAS to its \(coreName) kernels, \(reason); "
      + "unset the variable to let OpenBLAS choose."
  }
}
