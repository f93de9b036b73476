import Glibc
import Tensors
import Testing

/// OpenBLAS's thread count is the process's: each test has a process of its own, so that no other test is in a call meanwhile.
@Suite struct BLASThreadsTests {
  /// What a host program does that links OpenBLAS itself.
  private static func setAsHost(_ count: Int32) throws {
    let symbol = try #require(dlsym(nil, "openblas_set_num_threads"))
    unsafeBitCast(symbol, to: (@convention(c) (Int32) -> Void).self)(count)
  }

  @Test("One thread inside, nested too; the host's count afterwards, also after an error")
  func nesting() async {
    await #expect(processExitsWith: .success) {
      struct Stop: Error {}
      try Self.setAsHost(2)
      #expect(BLASThreads.current == 2)
      let inside = BLASThreads.withSingleThread {
        let outer = BLASThreads.current
        let inner = BLASThreads.withSingleThread { BLASThreads.current }
        return [outer, inner, BLASThreads.current, BLASThreads.outsideCalls]
      }
      #expect(inside == [1, 1, 1, 2])
      #expect(BLASThreads.current == 2)
      #expect(throws: Stop.self) { try BLASThreads.withSingleThread { throw Stop() } }
      #expect(BLASThreads.current == 2)
      try Self.setAsHost(1)
      BLASThreads.withSingleThread {}
      #expect(BLASThreads.current == 1)
    }
  }

  @Test("Eight threads at once: one thread inside each, the host's count when the last is out")
  func concurrent() async {
    await #expect(processExitsWith: .success) {
      try Self.setAsHost(2)
      let misses = await withTaskGroup(of: Int.self) { group in
        for _ in 0..<8 {
          group.addTask {
            (0..<200).count { _ in BLASThreads.withSingleThread { BLASThreads.current } != 1 }
          }
        }
        return await group.reduce(0, +)
      }
      #expect(misses == 0)
      #expect(BLASThreads.current == 2)
      #expect(BLASThreads.outsideCalls == 2)
    }
  }

  @Test("A product and a fan-out leave the host's count as it was; the configuration names it")
  func products() async {
    await #expect(processExitsWith: .success) {
      try Self.setAsHost(2)
      let a = try Tensor<Float>(repeating: 1, shape: [64, 64])
      _ = try a.matrixProduct(a, workers: 2)
      FanOut.run(pieces: 3, workers: 2) { _, _ in }
      #expect(BLASThreads.current == 2)
      let seen = BLASThreads.withSingleThread { BLASConfiguration.current.threadCount }
      #expect(seen == 2)
    }
  }
}
