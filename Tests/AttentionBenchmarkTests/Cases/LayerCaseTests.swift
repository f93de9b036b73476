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

  @Test func overACache() throws {
    let layer = try LayerCase(parsing: "2,3,15,5,7")
    #expect(layer == LayerCase(name: "2,3,15,5,7", batch: 2, length: 3, embeddingSize: 15, heads: 5, cachedKeys: 7))
    #expect(layer.attention.queries == 3)
    #expect(layer.attention.keys == 10)
    // Four projections of 6 rows by 15 × 15, and two products of 3 × 10 scores over 3 numbers in 10 heads.
    let (projections, products): (Double, Double) = (4 * 2 * 6 * 225, 2 * 2 * 30 * 3 * 10)
    #expect(layer.usefulOperations == projections + products)
  }

  @Test(arguments: [
    ("8,128,384", "B,L,E,H"), ("8,128,384,12,1,1", "B,L,E,H"), ("8,128,384,0", "not '0'"),
    ("8,128,384,12,0", "not '0'"), ("8,128,384,12,-1", "not '-1'"),
    ("1,1,1024,1,2000000", "at most 2147483648 numbers"),
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
}
