import AllocationCounter
import Attention
import Support
import Testing

/// A decoding loop keeps plan, workspace, output and a reserved cache, and allocates nothing per step.
@Suite(
  "Allocations of a key/value cache", .enabled("allocations can be counted", { allocation_counter_is_available() }))
struct CacheAllocationTests {
  @Test(arguments: [1, 2]) func decodingAllocatesNothing(workers: Int) async {
    await #expect(processExitsWith: .success) { [workers] in
      for step in try DecodingLoop.all() {
        var cache = try step.makeCache()
        try cache.reserveCapacity()
        let allocations = try step.allocations(&cache, workers: workers)
        #expect(allocations.large == 0, "\(step.name): more than 512 bytes at once")
        if AllocationCount.isOptimized { #expect(allocations.all == 0, "\(step.name)") }
      }
    }
  }

  @Test func aPageBeginsWithTwoAllocationsAnElement() async {
    await #expect(processExitsWith: .success) {
      let step = try DecodingLoop(path: .tiled, element: .full, window: nil)
      var cache = try step.makeCache()
      // Up to a page's edge.
      for _ in 0..<8 { try cache.append(keys: step.keys, values: step.values) }
      let before = (all: allocation_counter_current(), large: allocation_counter_large())
      try cache.append(keys: step.keys, values: step.values)
      let begun = (all: allocation_counter_current(), large: allocation_counter_large())
      try cache.append(keys: step.keys, values: step.values)
      let after = (all: allocation_counter_current(), large: allocation_counter_large())
      // For each of two batch elements, the page's rows and the object that owns them.
      #expect(begun.large - before.large == 2)
      #expect(after.large == begun.large)
      if AllocationCount.isOptimized {
        #expect(begun.all - before.all == 4)
        #expect(after.all == begun.all)
      }
    }
  }

  @Test func anAppendAfterASnapshotAllocatesNoMoreForALongPast() async {
    await #expect(processExitsWith: .success) {
      let step = try DecodingLoop(path: .tiled, element: .full, window: nil)
      func allocations(after count: Int) throws -> (all: UInt, large: UInt) {
        var cache = try step.makeCache()
        for _ in 0..<count { try cache.append(keys: step.keys, values: step.values) }
        let snapshot = cache
        let before = (all: allocation_counter_current(), large: allocation_counter_large())
        try cache.append(keys: step.keys, values: step.values)
        let after = (all: allocation_counter_current(), large: allocation_counter_large())
        #expect(snapshot.length == count && cache.copiedPages == 2)
        return (after.all - before.all, after.large - before.large)
      }
      _ = try allocations(after: 3)
      let (short, long) = (try allocations(after: 3), try allocations(after: 59))
      #expect(short == long)
    }
  }
}

/// What a step of decoding needs, and the step.
private struct DecodingLoop {
  let name: String
  let path: AttentionPath
  let element: KeyValueElement
  let window: Int?
  let queries: Tensor<Float>  // [2, 6, 1, 17]
  let keys: Tensor<Float>  // [2, 2, 1, 17]
  let values: Tensor<Float>  // [2, 2, 1, 13]

  static func all() throws -> [DecodingLoop] {
    try [AttentionPath.reference, .blas, .tiled, .fused].flatMap { path in
      try KeyValueElement.allCases.flatMap { element in
        try [nil, 11].map { try DecodingLoop(path: path, element: element, window: $0) }
      }
    }
  }

  init(path: AttentionPath, element: KeyValueElement, window: Int?) throws {
    (self.path, self.element, self.window) = (path, element, window)
    name = "\(path), \(element), window \(window.map(String.init) ?? "none")"
    var random = SeededGenerator(seed: 22)
    queries = try random.normal([2, 6, 1, 17])
    keys = try random.normal([2, 2, 1, 17])
    values = try random.normal([2, 2, 1, 13])
  }

  func makeCache() throws -> KeyValueCache<Float> {
    try KeyValueCache(
      batch: 2, keyValueHeads: 2, headSize: 17, valueHeadSize: 13, capacity: 64, window: window, element: element,
      rowsPerPage: 8)
  }

  /// Of steps that cross page edges: appends, with batch elements of the same length and of different ones, and runs over what is
  /// there.
  func allocations(_ cache: inout KeyValueCache<Float>, workers: Int) throws -> (all: UInt, large: UInt) {
    let plan = try AttentionPlan(
      cache: cache, heads: 6, queries: 1, mask: .causal,
      options: AttentionOptions(softcap: 3, path: path, workers: workers))
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(zeros: [2, 6, 1, 13])
    let some = [1, 0]
    return try AllocationCount.least {
      try plan.run(
        queries: queries, keys: keys, values: values, appendingTo: &cache, into: &output, workspace: &workspace)
      try plan.run(
        queries: queries, keys: keys, values: values, appendingTo: &cache, lengths: some, into: &output,
        workspace: &workspace)
      try plan.run(queries: queries, cache: cache, into: &output, workspace: &workspace)
    }
  }
}
