import AllocationCounter
import Attention
import Support
import Testing

/// A decoding loop keeps a layer's plan, workspace and output and a reserved cache.
///
/// Each test counts in a process of its own; see `AllocationTests`.
@Suite("Allocations of a layer", .enabled("allocations can be counted", { allocation_counter_is_available() }))
struct MultiHeadAttentionAllocationTests {
  @Test(arguments: [1, 2])
  func stepsAllocateNothing(workers: Int) async {
    await #expect(processExitsWith: .success) { [workers] in
      for step in try LayerDecodingLoop.all() {
        for kind in LayerDecodingLoop.Kind.allCases {
          let allocations = try step.allocations(kind, workers: workers)
          #expect(allocations.large == 0, "\(step.name), \(kind): more than 512 bytes at once")
          if AllocationCount.isOptimized {
            #expect(allocations.all == 0, "\(step.name), \(kind), \(workers) workers: \(allocations.all)")
          }
        }
      }
    }
  }

  /// Projections that are worth several workers: of a row, which reads the weights as they lie, and of many, which the plan has had
  /// packed, so that the first run allocates as little.
  @Test(arguments: [1, 2, 3])
  func sharedProjectionsAllocateNothing(workers: Int) async {
    await #expect(processExitsWith: .success) { [workers] in
      let layer = try MultiHeadAttention<Float>(embeddingSize: 512, headCount: 8, seed: 1)
      var random = SeededGenerator(seed: 29)
      for (rows, path) in [(1, AttentionPath.fused), (96, .fused), (96, .tiled), (96, .blas)] {
        let x: Tensor<Float> = try random.normal([1, rows, 512])
        let plan = try layer.plan(queries: rows, options: AttentionOptions(path: path, workers: workers))
        var workspace = try plan.makeWorkspace()
        var output = try Tensor<Float>(zeros: x.shape)
        let before = allocation_counter_large()
        try plan.run(query: x, key: x, value: x, into: &output, workspace: &workspace)
        // Threads are made in the first of all runs.
        if rows > 1 { #expect(allocation_counter_large() == before, "\(rows) rows, \(path), the first run") }
        let allocations = try AllocationCount.least {
          try plan.run(query: x, key: x, value: x, into: &output, workspace: &workspace)
        }
        #expect(allocations.large == 0, "\(rows) rows, \(path), \(workers) workers: more than 512 bytes at once")
        if AllocationCount.isOptimized {
          #expect(allocations.all == 0, "\(rows) rows, \(path), \(workers) workers: \(allocations.all)")
        }
      }
    }
  }
}

/// What a step of decoding by a layer needs, and the step.
private struct LayerDecodingLoop {
  enum Kind: CaseIterable { case append, appendSome, borrow, noCache, appendedKeys }

  let name: String
  let path: AttentionPath
  let layer: MultiHeadAttention<Float>
  let element: KeyValueElement
  let window: Int?
  let x: Tensor<Float>  // [2, 1, 128] or [1, 2, 128]

  static func all() throws -> [LayerDecodingLoop] {
    try [AttentionPath.reference, .blas, .tiled, .fused].flatMap { path in
      try AxisOrder.allCases.flatMap { order in
        try [false, true].map { try LayerDecodingLoop(path: path, order: order, hasMore: $0) }
      }
    }
  }

  /// - Parameter hasMore: rotary positions, sixteen bits, a window.
  init(path: AttentionPath, order: AxisOrder, hasMore: Bool) throws {
    var layer = try MultiHeadAttention<Float>(embeddingSize: 128, headCount: 4, axisOrder: order, seed: 1)
    if hasMore { layer.rotaryPositions = try RotaryPositions(rotarySize: 32, precomputed: 40) }
    (self.path, self.layer) = (path, layer)
    (element, window) = hasMore ? (.float16, 11) : (.full, nil)
    var random = SeededGenerator(seed: 23)
    x = try random.normal(order == .batchFirst ? [2, 1, 128] : [1, 2, 128])
    name = "\(path), \(order)\(hasMore ? ", rotary, float16, window" : "")"
  }

  func allocations(_ kind: Kind, workers: Int) throws -> (all: UInt, large: UInt) {
    var cache = try layer.makeCache(batch: 2, capacity: 64, window: window, element: element)
    try cache.reserveCapacity()
    let options = AttentionOptions(path: path, workers: workers)
    let longer = try MultiHeadAttention(
      inputProjection: layer.inputProjection, outputProjection: layer.outputProjection, headCount: 4,
      appendedKeys: AppendedKeys(hasZero: true), axisOrder: layer.axisOrder)
    let plan =
      switch kind {
      case .append, .appendSome, .borrow: try layer.plan(cache: cache, queries: 1, mask: .causal, options: options)
      case .noCache: try layer.plan(batch: 2, queries: 1, options: options)
      case .appendedKeys: try longer.plan(batch: 2, queries: 1, options: options)
      }
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(zeros: x.shape)
    if kind == .borrow { try plan.run(x, appendingTo: &cache, into: &output, workspace: &workspace) }
    let some = [1, 0]
    return try AllocationCount.least {
      switch kind {
      case .append: try plan.run(x, appendingTo: &cache, into: &output, workspace: &workspace)
      case .appendSome:
        try plan.run(x, appendingTo: &cache, lengths: some, into: &output, workspace: &workspace)
      case .borrow: try plan.run(x, borrowing: cache, into: &output, workspace: &workspace)
      case .noCache, .appendedKeys: try plan.run(query: x, key: x, value: x, into: &output, workspace: &workspace)
      }
    }
  }
}
