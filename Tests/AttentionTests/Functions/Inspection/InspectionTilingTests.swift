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
    var nothing = try Tensor<Double>(zeros: [0])
    let (q, kept) = try HeadMatrices.of(queries, heads: 4)
    let actual = try numbers.withUnsafeBytes { bytes in
      let base = try #require(bytes.baseAddress)
      let pages = (0..<pageCount).map { base + $0 * heads * rowsPerPage * size * 2 }
      return try pages.withUnsafeBufferPointer { pages in
        let rows = KeyValueRows<Double>(
          pages: try #require(pages.baseAddress), pagesPerElement: pageCount, rowsPerPage: rowsPerPage, columns: size,
          element: .float16)
        return try plan.inspect(inspection, shape.with(valueHeadSize: 0), q, rows, rows, nil, &nothing)
      }
    }
    withExtendedLifetime(kept) {}
    let differences = actual.differences(
      fromWeights: try #require(expected.weights).elements, logSumExp: try #require(expected.logSumExp).elements,
      shape: [1, 4, 5, keys], k: 3, absolute: 1e-13, relative: 1e-13)
    #expect(differences.isEmpty, "\(differences)")
  }

  @Test("a pattern of rules, with tiles that it empties")
  func pattern() throws {
    let block = 256
    let pattern = MaskPattern(
      description: "blocks", needsAlignment: false,
      coverage: { place in
        let (first, last) = (place.keys.lowerBound / block, (place.keys.upperBound - 1) / block)
        return first == 0 || last == 2 || first != last ? .part : .none
      },
      fill: { place, target, stride in
        for (row, _) in (0..<place.heads.count * place.queries.count).enumerated() {
          for (column, key) in place.keys.enumerated() {
            target[row * stride + column] = key / block != 1 && key % 3 != 0
          }
        }
      })
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
