package import Attention

/// A path of the library's and a number of threads.
package struct AttentionWay: Sendable, CustomStringConvertible {
  package let path: AttentionPath
  package let workers: Int

  /// Every path that can be asked for by name, on one and on two threads. The fused path takes neither programs nor requests for a
  /// value of every score.
  package static let all = AttentionPath.allCases.filter { $0 != .automatic }.flatMap { path in
    [1, 2].map { AttentionWay(path: path, workers: $0) }
  }

  package var description: String { "\(path.rawValue), \(workers) \(workers == 1 ? "worker" : "workers")" }
}

extension Collection<AttentionWay> {
  /// Those that serve every option, where it is needed.
  func serving(everyOption isNeeded: Bool) -> [AttentionWay] { filter { !isNeeded || $0.path != .fused } }
}
