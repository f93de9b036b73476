import Testing

@testable import Attention

@Suite("What a plan says of itself")
struct ExplainTests {
  private func plan(
    heads: Int = 1, keyValueHeads: Int? = nil, queries: Int, keys: Int, headSize: Int = 64,
    mask: AttentionMask<Float> = .none, alignment: QueryAlignment? = nil, details: AttentionDetailSet = [],
    path: AttentionPath = .tiled, workers: Int = 2
  ) throws -> AttentionPlan<Float> {
    try AttentionPlan(
      shape: AttentionShape(
        heads: heads, keyValueHeads: keyValueHeads, queries: queries, keys: keys, headSize: headSize), mask: mask,
      options: AttentionOptions(alignment: alignment, details: details, path: path, workers: workers))
  }

  private func counts(_ plan: AttentionPlan<Float>) -> [Int] {
    let tiles = plan.tileCounts()
    return [tiles.full, tiles.partial, tiles.skipped]
  }

  @Test("Tiles of causal 1024, by hand")
  func causalTiles() throws {
    // Blocks of 176 queries (six, the last of 144) and tiles of 512 keys, two to a block. Blocks 0 and 1 end before key 512:
    // one tile cut by the diagonal, one skipped. Block 2 (352 … 527) reaches into both, and its first row does not fill the
    // first one. Blocks 3, 4 and 5 fill the first and are cut in the second.
    let plan = try plan(queries: 1024, keys: 1024, mask: .causal)
    let tiling = AttentionTiling(shape: plan.shape, followsEdge: true)
    #expect(tiling.queriesPerPiece == 176 && tiling.keysPerTile == 512)
    #expect(counts(plan) == [3, 7, 2])
    let explanation = plan.explain()
    #expect(explanation.contains("tiles      12 of 176 rows × 512 keys: 3 full, 7 partial, 2 skipped"))
    // 1024 · 1025 / 2 pairs, 2 · (64 + 64) operations each, of 1024².
    #expect(explanation.contains("work       134.35 MFLOP useful of 268.44 MFLOP without a mask"))
    #expect(plan.usefulOperations() == 1024 * 1025 / 2 * 256)
  }

  @Test("Tiles of one block of queries, by hand")
  func tilesOfOneBlock() throws {
    // 32 queries, one block, over 2048 keys: four tiles of 512 from the start.
    #expect(counts(try plan(queries: 32, keys: 2048)) == [4, 0, 0])
    // Causal from the end: the first query stands at 2016, so that three tiles are whole.
    #expect(counts(try plan(queries: 32, keys: 2048, mask: .causal, alignment: .end)) == [3, 1, 0])
    // From the start: one tile of 32 keys, cut.
    #expect(counts(try plan(queries: 32, keys: 2048, mask: .causal, alignment: .start)) == [0, 1, 3])
    // Before the first key: nothing.
    #expect(counts(try plan(queries: 32, keys: 2048, mask: .causal, alignment: .offset(-32))) == [0, 0, 4])
    // 1024 keys of 2048: two tiles whole.
    #expect(counts(try plan(queries: 32, keys: 2048, mask: .keyLengths([1024]))) == [2, 0, 2])
    // Places 1000 … 1031 with 600 keys before: keys 400 … 1031 for all, from 400 on two tiles, whole from 431 to 1000.
    #expect(
      counts(
        try plan(queries: 32, keys: 2048, mask: .causal & .window(left: 600, right: nil), alignment: .offset(1000)))
        == [0, 2, 2])
    // A keep mask of keys empties the second tile, and part of the third.
    let kept = (0..<2048).map { $0 < 512 || $0 >= 1100 }
    #expect(counts(try plan(queries: 32, keys: 2048, mask: .keep(Tensor(kept, shape: [2048])))) == [2, 1, 1])
    // So does a bias, which the others get added.
    let bias = try Tensor(kept.map { $0 ? 0 : -Float.infinity }, shape: [2048])
    #expect(counts(try plan(queries: 32, keys: 2048, mask: .bias(bias))) == [0, 3, 1])
    // Raw scores are computed for masked places too: from key 0 on, none skipped.
    #expect(
      counts(try plan(queries: 32, keys: 2048, mask: .keyLengths([1024]), details: .rawScores)) == [2, 2, 0])
    // No keys, no tiles.
    #expect(counts(try plan(queries: 32, keys: 0)) == [0, 0, 0])
  }

  /// Problems of several blocks whose counts a scan of every place finds again.
  static let scanned: [(queries: Int, keys: Int, mask: AttentionMask<Float>, offset: Int)] = [
    (500, 700, .causal, 0), (500, 700, .causal, 200), (500, 700, .causal, -300),
    (400, 1100, .window(left: 90, right: 40), 500),
    (300, 600, .causal & .window(left: 520, right: nil), 290), (300, 1200, .keyLengths([513]), 0),
  ]

  @Test("Tile counts equal a scan of the mask's places", arguments: scanned.indices)
  func scannedTiles(index: Int) throws {
    let (queries, keys, mask, offset) = Self.scanned[index]
    let plan = try plan(queries: queries, keys: keys, mask: mask, alignment: .offset(offset))
    let tiling = AttentionTiling(shape: plan.shape, followsEdge: mask.needsAlignment)
    func attended(_ i: Int) -> ClosedRange<Int>? {
      let place = offset + i
      let first = max(0, mask.windowLeft.map { place - $0 } ?? 0)
      let causal = mask.isCausal ? place : keys - 1
      let last = min(causal, mask.windowRight.map { place + $0 } ?? keys - 1, (mask.keyLengths?[0] ?? keys) - 1)
      return first <= last ? first...last : nil
    }
    var (full, partial, skipped) = (0, 0, 0)
    for start in stride(from: 0, to: queries, by: tiling.queriesPerPiece) {
      let rows = (start..<min(queries, start + tiling.queriesPerPiece)).map(attended)
      let present = rows.compactMap { $0 }
      let origin = present.map(\.lowerBound).min() ?? 0
      let end = present.map { $0.upperBound + 1 }.max() ?? 0
      var tiles = 0
      for tile in stride(from: origin, to: end, by: tiling.keysPerTile) {
        tiles += 1
        let upper = min(tile + tiling.keysPerTile, end) - 1
        let isWhole = rows.allSatisfy { $0.map { $0.lowerBound <= tile && $0.upperBound >= upper } ?? false }
        if isWhole { full += 1 } else { partial += 1 }
      }
      skipped += (keys + tiling.keysPerTile - 1) / tiling.keysPerTile - tiles
    }
    #expect(counts(plan) == [full, partial, skipped])
  }

  @Test("Tiles of patterns, by hand")
  func patternTiles() throws {
    // Four blocks of 256 queries; two blocks of 512 places, each one whole tile.
    let local = try plan(queries: 1024, keys: 1024, mask: .pattern(.blockLocal(size: 512)))
    #expect(counts(local) == [4, 0, 4])
    #expect(local.usefulOperations() == 2 * 512 * 512 * 256)
    #expect(local.explain().contains("mask       blockLocal(512), aligned at start\n"))
    #expect(local.explain().contains("tiles      8 of 256 rows × 512 keys: 4 full, 0 partial, 4 skipped\n"))
    // 256 queries reach into three, four or three blocks of 100; all within one tile.
    let odd = try plan(queries: 1024, keys: 1024, mask: .pattern(.blockLocal(size: 100)))
    #expect(counts(odd) == [0, 4, 4])
    #expect(odd.usefulOperations() == (10 * 100 * 100 + 24 * 24) * 256)
    // All but the second block of queries have keys in both tiles: rows 0 and 1 attend all, the third block's window begins
    // before key 512, and the fourth has the global keys alone in the first tile, which is cut down to them and so whole.
    let both = try plan(queries: 1024, keys: 1024, mask: .pattern(.window(left: 10, right: 0) | .globalTokens(2)))
    #expect(counts(both) == [1, 6, 1])
    // Rows 0 and 1 attend all, row i the first two and min(11, i − 1) others.
    let pairs = 2 * 1024 + (2..<1024).map { 2 + min(11, $0 - 1) }.reduce(0, +)
    #expect(both.usefulOperations() == Double(pairs) * 256)
    // Half of the queries see each half of the keys, by blocks of 64.
    let evaluated = try MaskPattern.predicate(heads: 2, queries: 1024, keys: 1024) { _, head, query, key in
      (query < 512) == (key < 512) && (head == 0 || key % 2 == 0)
    }
    let perHead = try plan(heads: 2, queries: 1024, keys: 1024, mask: .pattern(evaluated))
    #expect(counts(perHead) == [4, 4, 8])
    #expect(perHead.usefulOperations() == (2 * 512 * 512 + 2 * 512 * 256) * 256)
    let lazily = try plan(
      queries: 1024, keys: 1024, mask: .pattern(.predicate { _, _, query, key in key / 512 == query / 512 }))
    #expect(counts(lazily) == [4, 0, 4])
    #expect(lazily.usefulOperations() == 2 * 512 * 512 * 256)
  }

  @Test("The cost of a pattern grows with the keys, not with their square")
  func linearCost() throws {
    let patterns: [MaskPattern] = [
      .blockLocal(size: 512), .blockLocal(size: 100), .window(left: 200, right: 0),
      .dilatedWindow(left: 512, right: 512, dilation: 8), .window(left: 128, right: 128) | .globalTokens(16),
      .segments((0..<65536).map { $0 / 700 }),
    ]
    for pattern in patterns {
      var (computed, useful): ([Int], [Double]) = ([], [])
      for size in [16384, 65536] {
        let plan = try plan(heads: 8, queries: size, keys: size, mask: .pattern(pattern))
        let counts = counts(plan)
        computed.append(counts[0] + counts[1])
        useful.append(plan.usefulOperations())
        #expect(plan.explain().contains("FLOP useful of"), "\(pattern)")
      }
      #expect(Double(computed[1]) < 4.2 * Double(computed[0]), "\(pattern): \(computed)")
      #expect(useful[1] < 4.2 * useful[0], "\(pattern): \(useful)")
    }
  }

  @Test("A rule that would take too long to ask is left to the run")
  func unknownTiles() throws {
    let plan = try plan(queries: 65536, keys: 65536, mask: .pattern(.predicate { _, _, _, _ in true }))
    let limit = 1 << 18
    let tiles = plan.tileCounts(placesLimit: limit)
    // Two tiles of 256 × 512.
    #expect(tiles.full == 2 && tiles.partial == 0 && tiles.unknown == 256 * 128 - 2 && tiles.skipped == 0)
    let explanation = plan.explain(placesLimit: limit)
    #expect(explanation.contains("2 full, 0 partial, 0 skipped, 32766 decided by each run\n"))
    #expect(explanation.contains("work       at most 1.1 TFLOP useful of 1.1 TFLOP without a mask"))
  }

  @Test("Grouped heads share a tile where queries are few")
  func groupedHeads() throws {
    // Eight query heads over two key/value heads, one query each: two pieces of four rows, two tiles each.
    let plan = try plan(heads: 8, keyValueHeads: 2, queries: 1, keys: 1024)
    #expect(counts(plan) == [4, 0, 0])
    #expect(plan.explain().contains("tiles      4 of 4 rows × 512 keys: 4 full, 0 partial, 0 skipped"))
  }

  @Test("Sizes, mask, path, memory and threads in words")
  func words() throws {
    let plan = try AttentionPlan<Double>(
      shape: AttentionShape(batch: 2, heads: 6, keyValueHeads: 3, queries: 5, keys: 7, headSize: 4, valueHeadSize: 11),
      mask: .causal & .keyLengths([7, 5]),
      options: AttentionOptions(softcap: 30, alignment: .end, path: .blas, workers: 3))
    let lines = plan.explain().split(separator: "\n").map(String.init)
    #expect(lines[0] == "problem    B 2, H 6, G 3, L 5, S 7, D 4, Dv 11, Double")
    #expect(lines[1] == "scores     scale 0.5, softcap 30.0")
    #expect(lines[2] == "mask       causal & keyLengths[7, 5], aligned at end")
    #expect(lines[3] == "path       blas: asked for")
    // Offsets 2 and 0: rows of 3 4 5 6 7 and 1 2 3 4 5 keys, 40 in all, for 6 heads at 30 operations.
    #expect(lines[4] == "work       7.2 kFLOP useful of 12.6 kFLOP without a mask")
    // Reads 2·(6·5·4 + 3·7·15) and writes 2·6·5·11 numbers of 8 bytes.
    #expect(lines[5].hasPrefix("memory     reads 6.96 kB, writes 5.28 kB, scratch "))
    #expect(lines[6] == "threads    3 of 3 workers, BLAS at one thread each")
    #expect(lines.count == 7)
  }

  @Test("Workers that have no piece are not used")
  func usefulWorkers() throws {
    for path in Way.paths {
      let explanation = try plan(queries: 1, keys: 5, path: path, workers: 7).explain()
      #expect(explanation.contains("threads    1 of 7 workers"), "\(path)")
    }
  }

  @Test("The path chosen, and why")
  func chosenPath() throws {
    let tiny = try plan(queries: 2, keys: 3, headSize: 4, path: .automatic)
    #expect(tiny.path == .reference && tiny.reason.contains("small"))
    let large = try plan(queries: 64, keys: 64, path: .automatic)
    #expect(large.path == .fused && large.reason.contains("no score matrix"))
    let detailed = try plan(queries: 64, keys: 64, details: .weights, path: .automatic)
    #expect(detailed.path == .blas && detailed.reason.contains("every score"))
    let logSumExp = try plan(queries: 64, keys: 64, details: .logSumExp, path: .automatic)
    #expect(logSumExp.path == .fused)
    // One asked for by name is never replaced.
    for path in Way.paths {
      for (size, details) in [(2, AttentionDetailSet()), (64, []), (64, .weights), (2, .all)] {
        let named = try plan(queries: size, keys: size, details: details, path: path)
        #expect(named.path == path && named.reason == "asked for")
      }
    }
  }

  @Test("An empty problem explains itself too", arguments: [AttentionPath.automatic] + Way.paths)
  func emptyProblem(path: AttentionPath) throws {
    let limit = Int(Int32.max)
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(batch: 0, heads: limit, queries: limit, keys: limit, headSize: limit),
      options: AttentionOptions(path: path))
    #expect(plan.explain().contains("work       0 FLOP useful of 0 FLOP without a mask"))
  }
}
