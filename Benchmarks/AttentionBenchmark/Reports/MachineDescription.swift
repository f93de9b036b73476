internal import Attention
internal import Foundation
internal import Reporting

/// What the figures were measured on and with.
struct MachineDescription: Equatable, Sendable {
  var cpu: String
  /// Threads that this process may use.
  var availableThreads: Int
  /// OpenBLAS's name for the kernels it uses, such as `SkylakeX`.
  var blasCore: String
  /// The library's version.
  var blasLibrary: String
  /// The instruction set of the package's own kernels.
  var kernelSet: String
  /// That OpenBLAS uses slower kernels than the CPU could run.
  var warning: String?

  static var current: MachineDescription {
    let blas = BLASConfiguration.current
    let information = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    return MachineDescription(
      cpu: information.flatMap(CPUModel.name) ?? "not known", availableThreads: Workers.available,
      blasCore: blas.coreName,
      blasLibrary: blas.library.split(separator: " ").prefix(2).joined(separator: " "), kernelSet: blas.kernelSet,
      warning: blas.warning)
  }

  var lines: [String] {
    [
      "CPU: \(cpu), \(availableThreads) thread\(availableThreads == 1 ? "" : "s") available",
      "BLAS: \(blasLibrary), \(blasCore) kernels; own kernels: \(kernelSet)",
    ] + (warning.map { ["warning: \($0)"] } ?? [])
  }

  /// What every result says of the machine, after its own numbers: `blas_core`, `blas_library`, `kernel_set`.
  var values: [JSONValue] { [.string(blasCore), .string(blasLibrary), .string(kernelSet)] }
}
