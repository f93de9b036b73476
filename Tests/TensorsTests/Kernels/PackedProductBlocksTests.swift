import Testing

@testable import Tensors

@Suite struct PackedProductBlocksTests {
  @Test("Blocks cover the product once, in whole tiles", arguments: [1, 2, 3, 7, .max])
  func cover(workers: Int) {
    for (rows, features, size) in [
      (0, 5, 5), (5, 0, 5), (1, 1, 1), (33, 70, 50), (512, 230, 768), (97, 100, 4000), (1000, 63, 300),
      (40, 1000, 3000),
    ] {
      let blocks = PackedProductBlocks(rows: rows, features: features, size: size, passingRows: 96, workers: workers)
      var seen = [Int](repeating: 0, count: rows * features)
      for block in 0..<blocks.count {
        let (r, f) = blocks[block]
        #expect(!r.isEmpty && !f.isEmpty)
        #expect(r.lowerBound % 12 == 0 && f.lowerBound % 64 == 0)
        for row in r { for feature in f { seen[row * features + feature] += 1 } }
      }
      #expect(seen.allSatisfy { $0 == 1 }, "\(rows) × \(features), \(workers) workers")
      #expect(blocks.workers >= 1 && blocks.workers <= max(1, min(workers, blocks.count)))
    }
  }

  @Test("Several blocks for each worker where the work is worth it, one for all where it isn't")
  func counts() {
    func blocks(_ rows: Int, _ features: Int, _ size: Int, workers: Int) -> PackedProductBlocks {
      PackedProductBlocks(rows: rows, features: features, size: size, passingRows: 96, workers: workers)
    }
    #expect(blocks(512, 2304, 768, workers: 1).count == 1)
    #expect(blocks(512, 2304, 768, workers: 2).count >= 4)
    #expect(blocks(100_000, 768, 768, workers: 3).count >= 6)
    #expect(blocks(33, 64, 64, workers: 8).count == 1)
    // 2457600 multiplications are worth four blocks, not as many as there are passes of rows.
    #expect(blocks(9600, 16, 16, workers: 64).count <= 4)
    #expect(blocks(9600, 16, 16, workers: 64).workers <= 4)
  }
}
