internal import Synchronization

/// How many threads a call may use: for the whole process here, for one call by its `workers` parameter.
///
/// Work is cut into pieces that do not depend on each other, and what a piece calls of OpenBLAS runs on one thread. The same number of
/// workers gives the same bits; another number may cut a single large matrix product elsewhere, which with the OpenBLAS kernels
/// that were tried changes no bit either (see ``GEMM``).
public enum Workers {
  private static let setting = Mutex<Int?>(nil)

  /// What this process may use: the CPUs of its affinity mask, or the cgroup's CPU quota (rounded up) if that is less.
  public static let available = max(1, min(CPUAffinity.count, CPUQuota.current ?? .max))

  /// The number of workers for calls that do not say: ``available`` until set.
  ///
  /// - Precondition when setting: at least 1.
  public static var count: Int {
    get { setting.withLock { $0 } ?? available }
    set {
      precondition(newValue >= 1, "worker count \(newValue) is below 1")
      setting.withLock { $0 = newValue }
    }
  }

  /// The count for a call: its own request, or the process's setting.
  ///
  /// - Throws: ``TensorError/argument(name:expected:actual:)`` for a request below 1.
  package static func resolved(_ request: Int?) throws(TensorError) -> Int {
    guard let request else { return count }
    guard request >= 1 else { throw .argument(name: "workers", expected: "1 or more", actual: request) }
    return request
  }
}
