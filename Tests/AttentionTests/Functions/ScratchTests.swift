import Attention
import Testing

/// How much memory runs need besides inputs and results.
@Suite struct ScratchTests {
  @Test("Tiled scratch does not grow with S", arguments: [AttentionMask<Float>.none, .causal])
  func tiledScratchIsConstant(mask: AttentionMask<Float>) throws {
    let bytes = try [1024, 2048, 4096, 8192, 16384, 65536].map { length in
      let shape = try AttentionShape(batch: 1, heads: 8, queries: length, keys: length, headSize: 64)
      let plan = try AttentionPlan(
        shape: shape, mask: mask, options: AttentionOptions(path: .tiled, workers: 2))
      return plan.scratchBytes
    }
    #expect(Set(bytes).count == 1, "scratch of S = 1024 … 65536: \(bytes)")
  }

  @Test(arguments: [1, 2, 8])
  func longSequenceStaysBelow32MiB(workers: Int) throws {
    let shape = try AttentionShape(batch: 1, heads: 8, keyValueHeads: 8, queries: 8192, keys: 8192, headSize: 64)
    let plan = try AttentionPlan<Float>(
      shape: shape, options: AttentionOptions(path: .tiled, workers: workers))
    let workspace = try plan.makeWorkspace()
    #expect(plan.scratchBytes < 32 << 20)
    #expect(workspace.byteCount == plan.scratchBytes)
  }

  @Test(
    "A plan's scratch is enough for every smaller problem", arguments: [AttentionPath.reference, .blas, .tiled, .fused])
  func scratchCoversSmallerProblems(path: AttentionPath) throws {
    let lengths = [1, 3, 17, 100, 128, 129, 192, 193, 256, 257, 300, 1000]
    let keyCounts = [1, 17, 511, 512, 513, 1024, 2047, 2048, 2049, 4096, 8192]
    func bytes(_ queries: Int, _ keys: Int, group: Int) throws -> Int {
      let shape = try AttentionShape(
        heads: group, keyValueHeads: 1, queries: queries, keys: keys, headSize: 7, valueHeadSize: 5)
      return try AttentionPlan<Float>(shape: shape, options: AttentionOptions(path: path, workers: 1)).scratchBytes
    }
    for group in [1, 3, 8] {
      for queries in lengths {
        for keys in keyCounts {
          let capacity = try bytes(queries, keys, group: group)
          for (fewerQueries, fewerKeys) in [
            (queries, keys / 2), (queries, keys * 3 / 4), (queries / 2, keys), (queries - 1, keys - 1),
          ] where fewerKeys > 0 && fewerQueries > 0 {
            let needed = try bytes(fewerQueries, fewerKeys, group: group)
            let (sizes, capacities) = ("L \(fewerQueries), S \(fewerKeys)", "L \(queries), S \(keys)")
            #expect(needed <= capacity, "group \(group): \(sizes) needs more bytes than a plan for \(capacities) has")
          }
        }
      }
    }
  }
}
