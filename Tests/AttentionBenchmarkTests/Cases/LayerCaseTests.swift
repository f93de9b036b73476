import Testing

@testable import AttentionBenchmark

@Suite struct LayerCaseTests {
  @Test func fieldsInOrder() throws {
    let layer = try LayerCase(parsing: "2,3,15,5")
    #expect(layer == LayerCase(name: "2,3,15,5", batch: 2, length: 3, embeddingSize: 15, heads: 5))
    #expect(
      layer.attention
        == AttentionCase("2,3,15,5", batch: 2, heads: 5, keyValueHeads: 5, queries: 3, keys: 3, headSize: 3))
  }

  @Test(arguments: [
    ("8,128,384", "B,L,E,H"), ("8,128,384,12,1", "B,L,E,H"), ("8,128,384,0", "not '0'"),
    ("8,128,384,7", "E a multiple of H, not 384 for 7 heads"), ("1,1,100000,1", "at most 2147483648 numbers"),
  ]) func errorsSayWhatIsAllowed(text: String, expected: String) throws {
    let error = try #require(throws: CaseError.self) { try LayerCase(parsing: text) }
    #expect(error.description.contains(expected), "\(error)")
  }

  @Test func usefulOperations() {
    // Four projections of 6 rows by 15 × 15, and two products of 3 × 3 scores over 3 numbers in 10 heads.
    let layer = LayerCase(name: "", batch: 2, length: 3, embeddingSize: 15, heads: 5)
    let (projections, products): (Double, Double) = (4 * 2 * 6 * 225, 2 * 2 * 9 * 3 * 10)
    #expect(layer.usefulOperations == projections + products)
  }

  @Test func placesInHeads() {
    // [B, L, E] = [2, 3, 4] → [B, H, L, D] = [2, 2, 3, 2]
    let layer = LayerCase(name: "", batch: 2, length: 3, embeddingSize: 4, heads: 2)
    #expect(layer.placeInHeads(row: 0, column: 0) == 0)
    #expect(layer.placeInHeads(row: 0, column: 3) == 7)  // b 0, h 1, i 0, e 1
    #expect(layer.placeInHeads(row: 5, column: 2) == 22)  // b 1, h 1, i 2, e 0
    let places = (0..<6).flatMap { row in (0..<4).map { layer.placeInHeads(row: row, column: $0) } }
    #expect(places.sorted() == Array(0..<24))
  }
}
