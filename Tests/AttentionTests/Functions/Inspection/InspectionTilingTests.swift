import Support
import Testing

@testable import Attention

@Suite struct InspectionTilingTests {
  @Test("runs cover every piece once, and pieces of a run are of the same heads", arguments: [true, false])
  func runsCoverPieces(sumsOverQueries: Bool) throws {
    for (batch, heads, group, queries) in [(1, 1, 1, 5000), (2, 6, 3, 700), (1, 8, 8, 1), (3, 40, 1, 193)] {
      let shape = try AttentionShape(
        batch: batch, heads: heads, keyValueHeads: heads / group, queries: queries, keys: 9, headSize: 2)
      let pieces = AttentionTiling(shape: shape, followsEdge: true)
      let tiling = InspectionTiling(pieces, sumsOverQueries: sumsOverQueries)
      var covered: [Int] = []
      for index in 0..<tiling.runCount {
        let run = tiling.run(index)
        #expect(!run.pieces.isEmpty && run.part < tiling.runsPerGroup)
        let places = run.pieces.map { pieces.piece($0) }
        #expect(Set(places.map { [$0.batch, $0.heads.lowerBound, $0.heads.upperBound] }).count == 1)
        if !sumsOverQueries { #expect(run.pieces.count == 1) }
        covered += run.pieces
      }
      #expect(covered == Array(0..<pieces.pieceCount))
    }
  }

  @Test("keys in pages and in 16 bits")
  func pagedKeys() throws {
    let (heads, keys, size, rowsPerPage) = (2, 700, 3, 64)
    var random = SeededGenerator(seed: 12)
    let queries: Tensor<Double> = try random.normal([1, 4, 5, size])
    let halves = try random.normal([1, heads, keys, size], as: Float16.self)
    let exact = try halves.converted(to: Double.self)
    let shape = try AttentionShape(heads: 4, keyValueHeads: heads, queries: 5, keys: keys, headSize: size)
    let plan = try AttentionPlan<Double>(shape: shape, mask: .keyLengths([650]))
    let inspection = AttentionInspection.everything(topKeys: 3)
    let expected = try plan.inspect(inspection, queries: queries, keys: exact)

    // Pages [G, rowsPerPage, D] one after the other.
    let pageCount = (keys + rowsPerPage - 1) / rowsPerPage
    var numbers = [Float16](repeating: .nan, count: pageCount * heads * rowsPerPage * size)
    for head in 0..<heads {
      for key in 0..<keys {
        for e in 0..<size {
          let place = ((key / rowsPerPage * heads + head) * rowsPerPage + key % rowsPerPage) * size + e
          numbers[place] = halves[0, head, key, e]
        }
      }
    }
    let nothing = try Tensor<Double>(zeros: [0])
    let output = MutableHeadMatrices(base: nothing.storage.base, strides: HeadStrides(batch: 0, head: 0, row: 0))
    let (q, kept) = try HeadMatrices.of(queries, heads: 4)
    let actual = try numbers.withUnsafeBytes { bytes in
      let base = try #require(bytes.baseAddress)
      let pages = (0..<pageCount).map { base + $0 * heads * rowsPerPage * size * 2 }
      return try pages.withUnsafeBufferPointer { pages in
        let rows = KeyValueRows<Double>(
          pages: try #require(pages.baseAddress), pagesPerElement: pageCount, rowsPerPage: rowsPerPage, columns: size,
          element: .float16)
        let operands = try AttentionOperands(
          shape: shape.with(valueHeadSize: 0), queries: q, keys: rows, values: rows, output: output)
        return try plan.inspect(inspection, operands, mask: nil)
      }
    }
    withExtendedLifetime((kept, nothing)) {}
    let differences = actual.differences(
      fromWeights: try #require(expected.weights).elements, logSumExp: try #require(expected.logSumExp).elements,
      shape: [1, 4, 5, keys], k: 3, absolute: 1e-13, relative: 1e-13)
    #expect(differences.isEmpty, "\(differences)")
  }

  @Test("batch elements with fewer queries: rows beyond are neither read nor given")
  func queryLengths() throws {
    let (rows, lengths) = (300, [300, 200, 7, 0])
    var random = SeededGenerator(seed: 13)
    var queries: Tensor<Double> = try random.normal([4, 2, rows, 3])
    let keys: Tensor<Double> = try random.normal([4, 1, 11, 3])
    for b in 0..<4 {
      for h in 0..<2 { for i in lengths[b]..<rows { queries[b, h, i, 0] = .nan } }
    }
    let shape = try AttentionShape(
      batch: 4, heads: 2, keyValueHeads: 1, queries: rows, keys: 11, headSize: 3, valueHeadSize: 0)
    let plan = try AttentionPlan<Double>(shape: shape)
    let inspection = AttentionInspection([.entropy, .maximum, .keyTotals])
    let (q, _) = try HeadMatrices.of(queries, heads: 2)
    let (k, _) = try HeadMatrices.of(keys, heads: 1)
    let nothing = try Tensor<Double>(zeros: [0])
    let operands = AttentionOperands(
      shape: shape, queries: q, keys: KeyValueRows(k, columns: 3), values: KeyValueRows(k, columns: 3),
      output: MutableHeadMatrices(base: nothing.storage.base, strides: HeadStrides(batch: 0, head: 0, row: 0)),
      queryLengths: lengths)
    let insight = try plan.inspect(inspection, operands, mask: nil)
    withExtendedLifetime((queries, keys, nothing)) {}
    let entropy = try #require(insight.entropy)
    let (maximumKey, totals) = (try #require(insight.maximumKey), try #require(insight.keyTotals))
    for b in 0..<4 {
      for h in 0..<2 {
        for i in [0, 6, 7, 199, 200, 299] {
          #expect((entropy[b, h, i] > 0) == (i < lengths[b]))
          #expect((maximumKey[b, h, i] >= 0) == (i < lengths[b]))
        }
        let sum = (0..<11).reduce(0.0) { $0 + totals[b, h, $1] }
        #expect(abs(sum - Double(lengths[b])) < 1e-9)
      }
    }
  }

  @Test("a pattern of rules, with tiles that it empties")
  func pattern() throws {
    let block = 256
    let pattern = try MaskPattern.predicate(queries: 5, keys: 3 * block) { _, _, _, key in
      key / block != 1 && key % 3 != 0
    }
    let kept = (0..<3 * block).map { $0 / block != 1 && $0 % 3 != 0 }
    var random = SeededGenerator(seed: 2)
    let queries: Tensor<Double> = try random.normal([1, 1, 5, 3])
    let keys: Tensor<Double> = try random.normal([1, 1, 3 * block, 3])
    let inspection = AttentionInspection.everything(topKeys: 3)
    let expected = try inspectAttention(
      inspection, queries: queries, keys: keys, mask: .keep(Tensor(kept, shape: [3 * block])))
    let actual = try inspectAttention(inspection, queries: queries, keys: keys, mask: .pattern(pattern))
    #expect(actual.isBitwiseEqual(to: expected))
  }
}
