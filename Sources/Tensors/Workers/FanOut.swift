internal import Dispatch
internal import Synchronization

/// Runs independent pieces of work on several workers; everything parallel goes through here.
package enum FanOut {
  /// At most this many threads of the process are inside OpenBLAS at once: beyond about 128 its buffers run out and it
  /// crashes (OpenMathLib/OpenBLAS #539, #2444).
  package static let concurrentCallers = 64
  private static let gate = DispatchSemaphore(value: concurrentCallers)

  /// Does each of `pieces` pieces of work once, in ascending order of start, on up to `workers` threads (this one among them,
  /// and alone where another call has the threads); returns when all are done. Allocates nothing but threads, once.
  ///
  /// - Parameters:
  ///   - work: its `worker` is in 0 ..< `workers`.
  ///   - callsBLAS: whether it may call OpenBLAS, which is then held to one thread meanwhile. What does not need not wait for
  ///     those that do.
  package static func run<Work: PieceWork>(_ work: Work, pieces: Int, workers: Int, callsBLAS: Bool = true) {
    guard pieces > 0 else { return }
    guard callsBLAS else { return share(work, pieces, workers) }
    BLASThreads.withSingleThread {
      withUnsafePointer(to: work) { share(GatedWork(work: $0, gate: gate), pieces, workers) }
    }
  }

  /// The same of a closure, `body(piece, worker)`: handing it to other threads allocates.
  package static func run(
    pieces: Int, workers: Int, callsBLAS: Bool = true, _ body: (_ piece: Int, _ worker: Int) -> Void
  ) {
    if min(pieces, workers) > 1 {
      withoutActuallyEscaping(body) {
        run(ClosureWork(body: $0), pieces: pieces, workers: workers, callsBLAS: callsBLAS)
      }
    } else if callsBLAS, pieces > 0 {
      // As above, without escaping.
      BLASThreads.withSingleThread {
        for piece in 0..<pieces {
          gate.wait()
          defer { gate.signal() }
          body(piece, 0)
        }
      }
    } else {
      for piece in 0..<max(pieces, 0) { body(piece, 0) }
    }
  }

  private static func share<Work: PieceWork>(_ work: Work, _ pieces: Int, _ workers: Int) {
    let workers = min(workers, pieces)
    guard workers > 1 else {
      for piece in 0..<pieces { work.run(piece: piece, worker: 0) }
      return
    }
    let next = Atomic<Int>(0)
    withUnsafePointer(to: work) { work in
      withUnsafePointer(to: next) { next in
        WorkerPool.shared.run(SharedPieces(work: work, next: next, pieces: pieces), workers: workers)
      }
    }
  }
}

/// Work of which at most so many pieces run at once in the whole process.
private struct GatedWork<Work: PieceWork>: PieceWork {
  let work: UnsafePointer<Work>
  let gate: DispatchSemaphore

  func run(piece: Int, worker: Int) {
    gate.wait()
    defer { gate.signal() }
    work.pointee.run(piece: piece, worker: worker)
  }
}

/// Pieces that workers take one after the other. Three words, which an existential holds without allocating.
private struct SharedPieces<Work: PieceWork>: WorkerJob {
  let work: UnsafePointer<Work>
  let next: UnsafePointer<Atomic<Int>>
  let pieces: Int

  func run(worker: Int) {
    while true {
      let piece = next.pointee.wrappingAdd(1, ordering: .relaxed).oldValue
      guard piece < pieces else { return }
      work.pointee.run(piece: piece, worker: worker)
    }
  }
}
