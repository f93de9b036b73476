import Attention
import Testing

@testable import AttentionBenchmark

@Suite struct CachedRowsTests {
  @Test func placesInHeads() {
    // [B, L, E] = [2, 3, 4] → [B, H, L, D] = [2, 2, 3, 2]
    let layer = LayerCase(name: "", batch: 2, length: 3, embeddingSize: 4, heads: 2)
    #expect(layer.placeInHeads(row: 0, column: 0) == 0)
    #expect(layer.placeInHeads(row: 0, column: 3) == 7)  // b 0, h 1, i 0, e 1
    #expect(layer.placeInHeads(row: 5, column: 2) == 22)  // b 1, h 1, i 2, e 0
    let places = (0..<6).flatMap { row in (0..<4).map { layer.placeInHeads(row: row, column: $0) } }
    #expect(places.sorted() == Array(0..<24))
  }

  @Test func placesAmongKeys() {
    // [B, L, E] = [2, 3, 4] → [B, H, S, D] = [2, 2, 8, 2], behind five cached rows.
    let layer = LayerCase(name: "", batch: 2, length: 3, embeddingSize: 4, heads: 2, cachedKeys: 5)
    #expect(layer.placeAmongKeys(row: 0, column: 0) == 10)
    #expect(layer.placeAmongKeys(row: 2, column: 1) == 15)  // b 0, h 0, i 2, e 1: the last of its head
    #expect(layer.placeAmongKeys(row: 0, column: 2) == 26)  // b 0, h 1
    #expect(layer.placeAmongKeys(row: 3, column: 0) == 42)  // b 1
  }

  @Test func makesRoomBehindHeldRows() {
    let layer = LayerCase(name: "", batch: 1, length: 2, embeddingSize: 2, heads: 2, cachedKeys: 3)
    #expect(layer.makeRoom(for: [1, 2, 3, 4, 5, 6] as [Float], count: 5) == [1, 2, 3, 0, 0, 4, 5, 6, 0, 0])
    #expect(layer.makeRoom(for: [] as [Double], count: 2) == [0, 0, 0, 0])
  }

  @Test func drawsKeysAndValues() throws {
    let layer = try LayerCase(parsing: "2,3,15,5,7")
    let workload = try LayerWorkload(layer, seed: 1)
    #expect(CachedRows.shape(layer) == [2, 5, 7, 3])
    #expect(workload.cached.keys.count == 210)
    #expect(workload.cached.values.count == 210)
    #expect(workload.cached.keys != workload.cached.values)
    #expect(try LayerWorkload(LayerCase(parsing: "2,3,15,5"), seed: 1).cached.keys.isEmpty)
  }
}
