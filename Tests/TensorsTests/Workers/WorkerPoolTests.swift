import Support
import Synchronization
import Testing

@testable import Tensors

@Suite struct WorkerPoolTests {
  @Test("Each number is given at most once, 0 to the caller")
  func numbers() {
    for workers in [1, 2, 3, 8] {
      for _ in 0..<200 {
        let seen = Mutex<[Int]>([])
        ClosureJob.run(workers: workers) { worker in seen.withLock { $0.append(worker) } }
        let numbers = seen.withLock { $0 }
        #expect(numbers.contains(0) && Set(numbers).count == numbers.count)
        #expect(numbers.allSatisfy { (0..<workers).contains($0) }, "\(numbers) of \(workers)")
      }
    }
  }

  @Test("A job that lasts gets the threads it asks for")
  func threadsCome() {
    let arrived = Atomic<Int>(0)
    // Alone while tests beside this one have the threads; then tried again.
    for _ in 0..<1000 where arrived.load(ordering: .relaxed) < 3 {
      arrived.store(0, ordering: .relaxed)
      ClosureJob.run(workers: 3) { _ in
        arrived.wrappingAdd(1, ordering: .relaxed)
        var waits = 0
        while arrived.load(ordering: .relaxed) < 3, waits < 200_000 { waits += 1 }
      }
    }
    #expect(arrived.load(ordering: .relaxed) == 3)
  }

  @Test("A job within a job, and jobs of many threads at once, are done by their callers")
  func busy() throws {
    let count = Atomic<Int>(0)
    ClosureJob.run(workers: 2) { _ in
      ClosureJob.run(workers: 4) { _ in count.wrappingAdd(1, ordering: .relaxed) }
    }
    #expect(count.load(ordering: .relaxed) >= 1)
    let runs = try ConcurrentCalls.run(8) { _ in
      let pieces = Atomic<Int>(0)
      for _ in 0..<100 { FanOut.run(pieces: 7, workers: 3) { _, _ in pieces.wrappingAdd(1, ordering: .relaxed) } }
      return pieces.load(ordering: .relaxed)
    }
    #expect(runs == Array(repeating: 700, count: 8))
  }

  @Test("Work after a rest: the threads have gone to sleep and are woken")
  func wakes() async throws {
    for _ in 0..<5 {
      try await Task.sleep(for: .milliseconds(20))
      let pieces = Atomic<Int>(0)
      FanOut.run(pieces: 64, workers: 2) { _, _ in pieces.wrappingAdd(1, ordering: .relaxed) }
      #expect(pieces.load(ordering: .relaxed) == 64)
    }
  }
}

/// A closure as a job.
private struct ClosureJob: WorkerJob {
  let body: (_ worker: Int) -> Void

  func run(worker: Int) { body(worker) }

  static func run(workers: Int, _ body: (_ worker: Int) -> Void) {
    withoutActuallyEscaping(body) { WorkerPool.shared.run(ClosureJob(body: $0), workers: workers) }
  }
}
