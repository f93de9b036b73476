import AllocationCounter
import Attention
import Support
import Testing

/// A decoding loop keeps a layer's plan, workspace and output and a reserved cache.
///
/// Each test counts in a process of its own; see `AllocationTests`.
@Suite("Allocations of a layer", .enabled("allocations can be counted", { allocation_counter_is_available() }))
struct MultiHeadAttentionAllocationTests {
  @Test func decodingOnOneWorkerAllocatesSizesOnly() async {
    await #expect(processExitsWith: .success) {
      for step in try LayerDecodingLoop.all() {
        for kind in LayerDecodingLoop.Kind.allCases {
          let allocations = try step.allocations(kind)
          #expect(allocations.large == 0, "\(step.name), \(kind): more than 512 bytes at once")
          if AllocationCount.isOptimized {
            let limit = step.sizeArrays(kind) * AllocationCount.runs
            #expect(allocations.all <= limit, "\(step.name), \(kind): \(allocations.all)")
          }
        }
      }
    }
  }
}

/// What a step of decoding by a layer needs, and the step.
private struct LayerDecodingLoop {
  enum Kind: CaseIterable { case append, appendSome, borrow, noCache }

  let name: String
  let path: AttentionPath
  let layer: MultiHeadAttention<Float>
  let element: KeyValueElement
  let window: Int?
  let x: Tensor<Float>  // [2, 1, 128] or [1, 2, 128]

  static func all() throws -> [LayerDecodingLoop] {
    try [AttentionPath.reference, .blas, .tiled].flatMap { path in
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

  /// Arrays of sizes and strides that views in the workspace have in a run: as many whatever the sizes and the length so far.
  func sizeArrays(_ kind: Kind) -> UInt {
    let joined: UInt = layer.axisOrder == .batchFirst ? 0 : 2
    return switch kind {
    case .append, .appendSome: 16 + joined
    case .borrow: 7 + joined
    case .noCache: 15 + joined
    }
  }

  func allocations(_ kind: Kind) throws -> (all: UInt, large: UInt) {
    var cache = try layer.makeCache(batch: 2, capacity: 64, window: window, element: element)
    try cache.reserveCapacity()
    let options = AttentionOptions(path: path, workers: 1)
    let plan =
      kind == .noCache
      ? try layer.plan(batch: 2, queries: 1, options: options)
      : try layer.plan(cache: cache, queries: 1, mask: .causal, options: options)
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(zeros: x.shape)
    try plan.run(x, appendingTo: &cache, into: &output, workspace: &workspace)
    let some = [1, 0]
    return try AllocationCount.least {
      switch kind {
      case .append: try plan.run(x, appendingTo: &cache, into: &output, workspace: &workspace)
      case .appendSome:
        try plan.run(x, appendingTo: &cache, lengths: some, into: &output, workspace: &workspace)
      case .borrow: try plan.run(x, borrowing: cache, into: &output, workspace: &workspace)
      case .noCache: try plan.run(query: x, key: x, value: x, into: &output, workspace: &workspace)
      }
    }
  }
}
