import Attention
import Support
import Testing

@Suite struct LearnedPositionsTests {
  @Test func rowsAreTheTables() throws {
    let table = try Tensor<Double>((0..<21).map(Double.init), shape: [7, 3])
    let positions = try LearnedPositions(weight: table)
    #expect(positions.capacity == 7 && positions.embeddingSize == 3)
    #expect(try positions.rows(2..<5) == table.sliced(axis: 0, 2..<5))
    #expect(try positions.rows(0..<7) == table)
    #expect(try positions.rows(7..<7).shape == [0, 3])
    // The same lookup as that of the tokens 2, 3, 4.
    #expect(try positions.rows(2..<5) == Embedding(weight: table)(Tensor<Int>([2, 3, 4], shape: [3])))
    #expect(try LearnedPositions(weight: table.transposed(0, 1)).rows(1..<2).elements == [1, 4, 7, 10, 13, 16, 19])
  }

  @Test func drawnAsAnEmbeddingIs() throws {
    let positions = try LearnedPositions<Float>(capacity: 7, embeddingSize: 3, standardDeviation: 0.02, seed: 4)
    let embedding = try Embedding<Float>(vocabularySize: 7, embeddingSize: 3, standardDeviation: 0.02, seed: 4)
    #expect(positions.weight == embedding.weight)
  }

  @Test func beyondTheTable() throws {
    let positions = try LearnedPositions<Float>(capacity: 7, embeddingSize: 3, seed: 1)
    let error = AttentionError.argument(
      name: "positions", expected: "within 0..<7, the rows of the table", actual: "0..<8")
    #expect(throws: error) { try positions(Tensor(zeros: [2, 8, 3])) }
    #expect(error.description == "positions is 0..<8, expected within 0..<7, the rows of the table")
    #expect(try positions(Tensor(zeros: [2, 3, 3]), offset: 4).shape == [2, 3, 3])
    #expect(
      throws: AttentionError.argument(
        name: "positions", expected: "within 0..<7, the rows of the table", actual: "5..<8")
    ) { try positions(Tensor(zeros: [2, 3, 3]), offset: 5) }
    #expect(
      throws: AttentionError.argument(
        name: "positions", expected: "within 0..<7, the rows of the table", actual: "-1..<2")
    ) { try positions.rows(-1..<2) }
  }

  @Test func wrongArguments() throws {
    #expect(throws: AttentionError.rank(name: "weight", expected: "2: [capacity, E]", shape: [1, 7, 3])) {
      try LearnedPositions<Float>(weight: Tensor(zeros: [1, 7, 3]))
    }
    #expect(throws: AttentionError.argument(name: "capacity", expected: "1 or more", actual: "0")) {
      try LearnedPositions<Float>(capacity: 0, embeddingSize: 3, seed: 1)
    }
    #expect(throws: AttentionError.argument(name: "embeddingSize", expected: "1 or more", actual: "0")) {
      try LearnedPositions<Float>(capacity: 7, embeddingSize: 0, seed: 1)
    }
  }
}
