import Attention
import Glibc
import Support
import Testing

/// An inspection needs no memory that grows with L × S, and reads no keys that nobody attends.
@Suite struct InspectionMemoryTests {
  private func bytes(_ inspection: AttentionInspection, heads: Int = 8, _ queries: Int, _ keys: Int) throws -> Int {
    try AttentionPlan<Float>(
      shape: AttentionShape(heads: heads, queries: queries, keys: keys, headSize: 64),
      options: AttentionOptions(workers: 2)
    ).scratchBytes(inspecting: inspection)
  }

  @Test("scratch does not grow with the queries, nor, but for totals, with the keys")
  func scratchIsFlat() throws {
    let perQuery = AttentionInspection([.logSumExp, .entropy, .maximum], topKeys: 8)
    let lengths = [1024, 4096, 16384, 65536]
    let square = try Set(lengths.map { try bytes(perQuery, $0, $0) })
    #expect(square.count == 1 && (square.max() ?? 0) < 2 << 20, "\(square)")

    let totals = AttentionInspection(.keyTotals)
    #expect(try Set([4096, 16384, 65536].map { try bytes(totals, $0, 16384) }).count == 1)
    // Up to 16 rows of S for one head; for 16 heads none.
    let growth = try bytes(totals, heads: 1, 16384, 16384) - bytes(perQuery, heads: 1, 16384, 16384)
    #expect(growth == 15 * 16384 * 4)
    #expect(try bytes(totals, heads: 16, 16384, 16384) == bytes(perQuery, heads: 16, 16384, 16384))
  }

  @Test("16384 queries and keys, whose matrix would take a GiB, take 64 MiB at most")
  func residentMemory() async {
    await #expect(processExitsWith: .success) {
      let count = 16384
      let x = try Tensor<Float>(repeating: 0.5, shape: [1, 1, count, 4])
      let inspection = AttentionInspection([.logSumExp, .entropy, .maximum, .keyTotals], topKeys: 1)
      var usage = rusage()
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      let before = usage.ru_maxrss
      let insight = try inspectAttention(
        inspection, queries: x, keys: x, mask: .window(left: 32, right: 31), workers: 2)
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      let grown = usage.ru_maxrss - before
      #expect(grown < 64 << 10, "KiB")
      let entropy = insight.entropy?[0, 0, 8000] ?? 0
      #expect(abs(entropy - Float(log(64.0))) < 1e-5)
      let total = insight.keyTotals?[0, 0, 8000] ?? 0
      #expect(abs(total - 1) < 1e-5)
    }
  }

  @Test("keys that no query may attend are never read", arguments: [AttentionMask<Float>.keyLengths([512]), .causal])
  func unread(mask: AttentionMask<Float>) throws {
    let (keys, size) = (3 * 512, 8)
    let guarded = try GuardedNumbers<Float>(keys * size, forbidden: 512 * size..<keys * size)
    let base = try #require(guarded.buffer.baseAddress)
    let tensor = Tensor<Float>(
      storage: TensorStorage(readOnly: base, count: keys * size, owner: 0),
      layout: try TensorLayout(contiguous: [1, 1, keys, size]))
    let queries = try Tensor<Float>(zeros: [1, 2, 3, size])
    let insight = try inspectAttention(
      .everything(topKeys: 2), queries: queries, keys: tensor, mask: mask, alignment: .offset(509))
    #expect(insight.keyTotals?.elements.suffix(keys - 512).allSatisfy { $0 == 0 } == true)
    #expect(abs((insight.entropy?[0, 1, 2] ?? 0) - Float(log(512.0))) < 1e-5)
    withExtendedLifetime(guarded) {}
  }

  @Test("what stands at masked places has no effect", arguments: [Float.nan, .infinity, 1e30])
  func poison(number: Float) throws {
    var random = SeededGenerator(seed: 4)
    let queries: Tensor<Float> = try random.normal([1, 2, 5, 3])
    let clean: Tensor<Float> = try random.normal([1, 2, 11, 3])
    var poisoned = clean
    for head in 0..<2 { for key in 7..<11 { for e in 0..<3 { poisoned[0, head, key, e] = number } } }
    let results = try [clean, poisoned].map { keys in
      try inspectAttention(.everything(topKeys: 9), queries: queries, keys: keys, mask: .keyLengths([7]))
    }
    #expect(results[1].isBitwiseEqual(to: results[0]))
    #expect(results[0].topKeys?.elements.contains { $0 >= 7 } == false)
  }
}
