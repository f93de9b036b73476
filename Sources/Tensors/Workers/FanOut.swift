internal import Dispatch
internal import Synchronization

/// Runs independent pieces of work on several workers; everything parallel goes through here.
package enum FanOut {
  /// At most this many threads of the process are inside OpenBLAS at once: beyond about 128 its buffers run out and it
  /// crashes (OpenMathLib/OpenBLAS #539, #2444).
  package static let concurrentCallers = 64
  private static let gate = DispatchSemaphore(value: concurrentCallers)

  /// Calls `body(piece, worker)` once for each piece in 0 ..< `pieces`, in ascending order of start, on up to `workers`
  /// threads (this one among them, and alone where another call has the threads); returns when all are done.
  ///
  /// `body` runs on several threads at once: two pieces must not write to the same memory, and `worker` (in
  /// 0 ..< `workers`) names scratch that no other running piece has. `body` must not fan out itself.
  ///
  /// - Parameter callsBLAS: whether `body` may call OpenBLAS, which is then held to one thread meanwhile. What does not
  ///   need not wait for those that do.
  package static func run(
    pieces: Int, workers: Int, callsBLAS: Bool = true, _ body: (_ piece: Int, _ worker: Int) -> Void
  ) {
    guard pieces > 0 else { return }
    guard callsBLAS else { return share(pieces, workers, body) }
    BLASThreads.withSingleThread {
      share(pieces, workers) { piece, worker in
        gate.wait()
        defer { gate.signal() }
        body(piece, worker)
      }
    }
  }

  private static func share(_ pieces: Int, _ workers: Int, _ body: (_ piece: Int, _ worker: Int) -> Void) {
    let workers = min(workers, pieces)
    guard workers > 1 else {
      for piece in 0..<pieces { body(piece, 0) }
      return
    }
    let next = Atomic<Int>(0)
    WorkerPool.shared.run(workers: workers) { worker in
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard piece < pieces else { return }
        body(piece, worker)
      }
    }
  }
}
