internal import Foundation
internal import Synchronization

/// Calls that really run at the same time: on threads of their own, not on the few of a pool.
public enum ConcurrentCalls {
  /// Calls `body(0)` … `body(count − 1)` on `count` threads, which begin together.
  ///
  /// - Returns: what they returned, in that order.
  /// - Throws: what the first of them in that order threw.
  public static func run<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (_ index: Int) throws -> Value
  ) throws -> [Value] {
    let calls = Calls<Value>()
    let done = DispatchGroup()
    for index in 0..<count {
      done.enter()
      Thread {
        calls.awaitOthers(count)
        let result = Result { try body(index) }
        calls.results.withLock { $0[index] = result }
        done.leave()
      }.start()
    }
    done.wait()
    let results = calls.results.withLock { $0 }
    return try (0..<count).compactMap { try results[$0]?.get() }
  }
}

/// What the threads of one run share.
private final class Calls<Value: Sendable>: Sendable {
  let results = Mutex<[Int: Result<Value, any Error>]>([:])
  private let present = Atomic<Int>(0)

  /// Returns on all threads when the last has come.
  func awaitOthers(_ count: Int) {
    present.add(1, ordering: .acquiringAndReleasing)
    while present.load(ordering: .acquiring) < count { sched_yield() }
  }
}
