import Attention
import Support
import Tensors
import Testing

/// Several threads of a program at once, and several workers of one call.
@Suite struct ConcurrencyTests {
  /// A path and worker count.
  struct Way: Sendable, CustomTestStringConvertible {
    let path: AttentionPath
    let workers: Int
    var testDescription: String { "\(path), \(workers) workers" }

    static let all = [AttentionPath.blas, .tiled, .fused].flatMap { path in
      [1, 2, 4].map { Way(path: path, workers: $0) }
    }
  }

  @Test("Eight threads with tensors of their own give bitwise what each gives alone", arguments: Way.all)
  func ownTensors(_ way: Way) throws {
    let problems = try (0..<8).map { try Problem<Float>(seed: UInt64($0)) }
    let alone = try problems.map { try $0.run(way.path, workers: way.workers) }
    let together = try ConcurrentCalls.run(8) { index in
      try (0..<2).map { _ in try problems[index].run(way.path, workers: way.workers) }
    }
    #expect(together.count == 8)
    for (index, outputs) in together.enumerated() {
      for output in outputs {
        #expect(output.isBitwiseEqual(to: alone[index]), "\(way.testDescription), thread \(index)")
      }
    }
  }

  @Test("Eight threads that share inputs and a plan give bitwise what one gives", arguments: Way.all)
  func sharedTensors(_ way: Way) throws {
    let problem = try Problem<Float>(seed: 99)
    let alone = try problem.run(way.path, workers: way.workers)
    let plan = try problem.plan(way.path, workers: way.workers)
    let together = try ConcurrentCalls.run(8) { _ in
      try (0..<2).map { _ in try plan(queries: problem.queries, keys: problem.keys, values: problem.values).output }
    }
    #expect(together.count == 8)
    for output in together.joined() { #expect(output.isBitwiseEqual(to: alone), "\(way.testDescription)") }
  }

  @Test(
    "The same inputs twice give the same bits, with any number of workers",
    arguments: [AttentionPath.reference, .blas, .tiled, .fused])
  func anyWorkerCount(_ path: AttentionPath) throws {
    func check<Scalar: BLASScalar>(_ problem: Problem<Scalar>) throws {
      let one = try problem.run(path, workers: 1)
      for workers in [1, 2, 3, 8] {
        for _ in 0..<2 {
          let output = try problem.run(path, workers: workers)
          #expect(output.isBitwiseEqual(to: one), "\(Scalar.self) \(path), \(workers) workers")
        }
      }
    }
    // The specification has a piece of work per head only, and is slow without optimisation.
    let queryCount = path == .reference ? 13 : 197
    try check(Problem<Float>(seed: 5, queryCount: queryCount))
    try check(Problem<Double>(seed: 6, queryCount: queryCount))
  }

  /// In a process of its own: other tests call BLAS at the same time.
  @Test func threadCountOfBLASIsRestored() async {
    await #expect(processExitsWith: .success) {
      let before = BLASThreads.current
      let problem = try Problem<Float>(seed: 7)
      for path in [AttentionPath.blas, .tiled, .fused] {
        for workers in [1, 2, 4] {
          _ = try problem.run(path, workers: workers)
          #expect(BLASThreads.current == before, "\(path), \(workers) workers, one thread")
          _ = try ConcurrentCalls.run(8) { _ in try problem.run(path, workers: workers) }
          #expect(BLASThreads.current == before, "\(path), \(workers) workers, eight threads")
        }
      }
    }
  }
}

/// Grouped heads under a causal mask with padding: by default more than one block of queries and tile of keys.
private struct Problem<Scalar: BLASScalar>: Sendable {
  let queries: Tensor<Scalar>
  let keys: Tensor<Scalar>
  let values: Tensor<Scalar>

  init(seed: UInt64, queryCount: Int = 197, keyCount: Int = 521) throws {
    var random = SeededGenerator(seed: seed)
    queries = try random.uniform([2, 2, queryCount, 11])
    keys = try random.uniform([2, 1, keyCount, 11])
    values = try random.uniform([2, 1, keyCount, 7])
  }

  func plan(_ path: AttentionPath, workers: Int) throws -> AttentionPlan<Scalar> {
    let shape = try AttentionShape(queries: queries, keys: keys, values: values)
    return try AttentionPlan(
      shape: shape, mask: .causal & .keyLengths([shape.keys, shape.keys * 3 / 4]),
      options: AttentionOptions(alignment: .end, path: path, workers: workers))
  }

  func run(_ path: AttentionPath, workers: Int) throws -> Tensor<Scalar> {
    try plan(path, workers: workers)(queries: queries, keys: keys, values: values).output
  }
}
