import AllocationCounter
import Attention
import Support
import Testing

/// A caller in a loop keeps plan, workspace and output, and allocates nothing per call.
///
/// Each test counts in a process of its own: the counter sees all threads. Without optimisation the compiler itself puts
/// closures and small arrays on the heap, so that there only memory to work in is counted.
@Suite(.enabled("allocations can be counted", { allocation_counter_is_available() }))
struct AllocationTests {
  @Test func counterSeesAllocations() async {
    await #expect(processExitsWith: .success) {
      // The first tensor of a type makes the type's metadata. Counts are read first and compared then: comparing allocates.
      _ = try Tensor<Float>(zeros: [2])
      let before = (all: allocation_counter_current(), large: allocation_counter_large())
      let small = try Tensor<Float>(zeros: [3, 5])
      let between = (all: allocation_counter_current(), large: allocation_counter_large())
      let tensor = try Tensor<Float>(zeros: [30, 50])
      let after = (all: allocation_counter_current(), large: allocation_counter_large())
      #expect(between.all > before.all, "fifteen elements")
      #expect(between.large == before.large, "fifteen elements are 60 bytes")
      #expect(after.large > between.large, "1500 elements")
      #expect(small.count + tensor.count == 1515)
    }
  }

  @Test("Runs allocate nothing, on one worker and on two")
  func runsAllocateNothing() async {
    await #expect(processExitsWith: .success) {
      let calls = try LoopedCall.all(workers: 1) + LoopedCall.all(workers: 2) + LoopedCall.decoding()
      for call in calls {
        for allocations in [try call.allocationsOfTensors(), try call.allocationsOfSpans()] {
          #expect(allocations.large == 0, "\(call.name): more than 512 bytes at once")
          if AllocationCount.isOptimized { #expect(allocations.all == 0, "\(call.name)") }
        }
      }
    }
  }
}

/// A call as in a loop: everything that can be kept is.
private struct LoopedCall {
  let name: String
  let plan: AttentionPlan<Float>
  let queries: Tensor<Float>  // [B, H, L, D]
  let keys: Tensor<Float>  // [B, G, S, D]
  let values: Tensor<Float>  // [B, G, S, Dv]
  private var shape: AttentionShape { plan.shape }

  /// Every path with every kind of mask.
  static func all(workers: Int) throws -> [LoopedCall] {
    var random = SeededGenerator(seed: 21)
    let masks: [AttentionMask<Float>] = [
      .none, .causal, .causal & .keyLengths([31, 19]), .window(left: 3, right: 4),
      .keep(try random.mask([31, 31], probability: 0.7)), .bias(try random.normal([6, 31, 31])),
      .pattern(.blockLocal(size: 10) | .globalTokens(2)) & .causal,
      .pattern(try .predicate(heads: 6, queries: 31, keys: 31) { _, head, query, key in (head + query + key) % 3 > 0 }),
      .causal & .positionBias(.alibi(headCount: 6)),
      .positionBias(.buckets(table: try random.normal([8, 6]), isBidirectional: true)),
    ]
    var calls: [LoopedCall] = []
    for path in [AttentionPath.reference, .blas, .tiled, .fused] {
      for mask in masks { calls.append(try LoopedCall(path, mask, workers: workers, &random)) }
    }
    return calls
  }

  /// One query over some tiles of keys of few heads, which several workers share chunk by chunk.
  static func decoding() throws -> [LoopedCall] {
    var random = SeededGenerator(seed: 24)
    return try [2, 3, 4].flatMap { workers in
      try [1, 2, 3, 5].map { heads in
        try LoopedCall(
          .fused, .none, workers: workers, &random, batch: 1, heads: 2 * heads, keyValueHeads: heads, queries: 1,
          keys: 801)
      }
    }
  }

  private init(
    _ path: AttentionPath, _ mask: AttentionMask<Float>, workers: Int, _ random: inout SeededGenerator, batch: Int = 2,
    heads: Int = 6, keyValueHeads: Int = 2, queries l: Int = 31, keys s: Int = 31
  ) throws {
    name = "\(path), \(workers) workers, \(mask), [\(batch), \(heads), \(l), 17] over \(keyValueHeads) heads"
    queries = try random.normal([batch, heads, l, 17])
    keys = try random.normal([batch, keyValueHeads, s, 17])
    values = try random.normal([batch, keyValueHeads, s, 13])
    plan = try AttentionPlan(
      shape: AttentionShape(queries: queries, keys: keys, values: values), mask: mask,
      options: AttentionOptions(softcap: 3, alignment: .offset(0), path: path, workers: workers))
  }

  func allocationsOfTensors() throws -> (all: UInt, large: UInt) {
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(zeros: [shape.batch, shape.heads, shape.queries, 13])
    return try AllocationCount.least {
      try plan.run(queries: queries, keys: keys, values: values, into: &output, workspace: &workspace)
    }
  }

  func allocationsOfSpans() throws -> (all: UInt, large: UInt) {
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(zeros: [shape.batch, shape.heads, shape.queries, 13])
    let (h, g, l, s) = (shape.heads, shape.keyValueHeads, shape.queries, shape.keys)
    let queryStrides = HeadStrides.headsFirst(heads: h, rows: l, headSize: 17)
    let keyStrides = HeadStrides.headsFirst(heads: g, rows: s, headSize: 17)
    let valueStrides = HeadStrides.headsFirst(heads: g, rows: s, headSize: 13)
    let outputStrides = HeadStrides.headsFirst(heads: h, rows: l, headSize: 13)
    return try queries.withSpan { queries in
      try keys.withSpan { keys in
        try values.withSpan { values in
          try output.withMutableSpan { output in
            try AllocationCount.least {
              try plan.run(
                queries: queries, queryStrides: queryStrides, keys: keys, keyStrides: keyStrides, values: values,
                valueStrides: valueStrides, into: &output, outputStrides: outputStrides, workspace: &workspace)
            }
          }
        }
      }
    }
  }
}
