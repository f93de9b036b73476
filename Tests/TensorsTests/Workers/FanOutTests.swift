import Synchronization
import Tensors
import Testing

@Suite struct FanOutTests {
  @Test(
    "Each piece once; no two running pieces share a worker's index",
    arguments: [0, 1, 2, 7, 1000], [1, 2, 3, 5, 8])
  func pieces(pieces: Int, workers: Int) {
    struct Seen {
      var runs: [Int]
      var busy: Set<Int> = []
      var faults: [String] = []
    }
    let seen = Mutex(Seen(runs: Array(repeating: 0, count: pieces)))
    FanOut.run(pieces: pieces, workers: workers) { piece, worker in
      seen.withLock { seen in
        if worker < 0 || worker >= workers { seen.faults.append("worker \(worker) of \(workers)") }
        if !seen.busy.insert(worker).inserted { seen.faults.append("worker \(worker) twice at once") }
        if piece >= 0, piece < pieces { seen.runs[piece] += 1 } else { seen.faults.append("piece \(piece)") }
        if BLASThreads.current != 1 { seen.faults.append("OpenBLAS on \(BLASThreads.current) threads") }
      }
      seen.withLock { seen in _ = seen.busy.remove(worker) }
    }
    seen.withLock { seen in
      #expect(seen.faults.isEmpty)
      #expect(seen.runs.allSatisfy { $0 == 1 })
    }
  }

  @Test("Work that is a value: each piece once", arguments: [0, 1, 7, 100], [1, 2, 5])
  func values(pieces: Int, workers: Int) {
    for callsBLAS in [true, false] {
      let work = CountedWork(pieces: pieces)
      FanOut.run(work, pieces: pieces, workers: workers, callsBLAS: callsBLAS)
      #expect(work.runs.counts == Array(repeating: 1, count: pieces))
      #expect(work.runs.workers.isSubset(of: 0..<workers))
    }
  }

  @Test("One worker runs the pieces in order, on the calling thread")
  func order() {
    var order: [Int] = []
    FanOut.run(pieces: 5, workers: 1) { piece, worker in
      order.append(piece)
      #expect(worker == 0)
    }
    #expect(order == [0, 1, 2, 3, 4])
  }

  @Test("More callers at once than may be inside all come through")
  func manyCallers() async {
    let callers = 2 * FanOut.concurrentCallers
    let total = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<callers {
        group.addTask {
          let runs = Mutex(0)
          FanOut.run(pieces: 3, workers: 2) { _, _ in runs.withLock { $0 += 1 } }
          return runs.withLock { $0 }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(total == 3 * callers)
  }
}

/// How often each piece ran, and as which workers.
private struct CountedWork: PieceWork {
  final class Runs: Sendable {
    private let state: Mutex<(counts: [Int], workers: Set<Int>)>

    init(pieces: Int) { state = Mutex((Array(repeating: 0, count: pieces), [])) }
    var counts: [Int] { state.withLock { $0.counts } }
    var workers: Set<Int> { state.withLock { $0.workers } }

    func add(piece: Int, worker: Int) {
      state.withLock { state in
        state.counts[piece] += 1
        state.workers.insert(worker)
      }
    }
  }

  let runs: Runs

  init(pieces: Int) { runs = Runs(pieces: pieces) }

  func run(piece: Int, worker: Int) { runs.add(piece: piece, worker: worker) }
}
