import Tensors
import Testing

@Suite struct WorkersTests {
  @Test("What a call asks for rules; below 1 is an error", arguments: [0, -1, Int.min])
  func request(count: Int) throws {
    #expect(try Workers.resolved(1) == 1)
    #expect(try Workers.resolved(17) == 17)
    #expect(throws: TensorError.argument(name: "workers", expected: "1 or more", actual: count)) {
      try Workers.resolved(count)
    }
    let gemm = try GEMM<Float>(m: 1, n: 1, k: 1)
    #expect(throws: TensorError.argument(name: "workers", expected: "1 or more", actual: count)) {
      var c: [Float] = [0]
      try gemm.compute([1], [1], into: &c, workers: count)
    }
  }

  // The setting is the process's: a process of its own for each of these.
  @Test("The setting is what may be used until set, then what was set")
  func setting() async {
    #expect(Workers.available >= 1)
    await #expect(processExitsWith: .success) {
      #expect(Workers.count == Workers.available)
      Workers.count = 7
      #expect(Workers.count == 7)
      let (silent, asking) = (try Workers.resolved(nil), try Workers.resolved(3))
      #expect(silent == 7)
      #expect(asking == 3)
    }
    await #expect(processExitsWith: .failure) { Workers.count = 0 }
  }
}
