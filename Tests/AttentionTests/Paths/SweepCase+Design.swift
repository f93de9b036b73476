import Attention
import Support

/// Sizes at and beside the widths of registers, unrolled loops, packed panels and blocks.
private let edges = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129]
private let groupings = [(1, 1, 1), (2, 3, 3), (1, 6, 2), (3, 2, 1), (2, 5, 1), (1, 4, 2), (1, 3, 1)]

extension SweepCase {
  /// Every edge as L, S, D and Dv, four times each and each time with others, while masks, layouts and options go round.
  static let edgeCases: [SweepCase] = {
    var random = SeededGenerator(seed: 2017)
    var cases: [SweepCase] = []
    for _ in 0..<4 {
      let axes = (0..<4).map { _ in random.permutation(edges.count).map { edges[$0] } }
      for index in edges.indices {
        var sizes = SweepSizes(
          queries: axes[0][index], keys: axes[1][index], headSize: axes[2][index], valueHeadSize: axes[3][index])
        let work = sizes.queries * sizes.keys * (sizes.headSize + sizes.valueHeadSize)
        // Large ones get one head, so that the plain loops of the oracle stay quick.
        let grouping = work > 400_000 ? (1, 1, 1) : groupings[cases.count % groupings.count]
        (sizes.batch, sizes.heads, sizes.keyValueHeads) = grouping
        cases.append(varied(sizes, cases.count))
      }
    }
    return cases
  }()

  /// One of each kind of mask at least, on one problem of sizes that are different primes.
  static let maskCases = SweepMask.allCases.enumerated().map { index, mask in
    SweepCase(
      sizes: SweepSizes(
        batch: 2, heads: 6, keyValueHeads: 3, queries: 19, keys: 37, headSize: 7, valueHeadSize: 11),
      mask: mask, layout: Layout.allCases[index % 3], softcap: index % 2 == 0 ? nil : 1.5, seed: 7000 + UInt64(index))
  }

  /// One more and one less than a tile's keys and a block's queries, and a block and tile more; blocks are of another size
  /// where the mask has an edge.
  static let tileCases: [SweepCase] = {
    var cases: [SweepCase] = []
    for mask in [SweepMask.none, .biasBias, .causalEnd, .causalKeep] {
      guard let tile = tileSize(mask) else { continue }
      for (queries, keys) in [
        (tile.rows - 1, tile.keys + 1), (tile.rows, tile.keys), (tile.rows + 1, tile.keys - 1),
        (2 * tile.rows + 1, 67), (3, 2 * tile.keys + 1), (13, 3 * tile.keys - 1), (1, tile.keys + 1),
      ] {
        var sweepCase = varied(
          SweepSizes(queries: queries, keys: keys, headSize: 2, valueHeadSize: 3), 3 * cases.count + 1)
        sweepCase.mask = mask
        if queries < 20 { (sweepCase.sizes.heads, sweepCase.sizes.keyValueHeads) = (4, 2) }
        cases.append(sweepCase)
      }
    }
    return cases
  }()

  /// What the tiled path takes where queries and keys are many.
  private static func tileSize(_ mask: SweepMask) -> (rows: Int, keys: Int)? {
    guard let shape = try? AttentionShape(queries: 6000, keys: 6000, headSize: 3) else { return nil }
    return try? AttentionPlan<Float>(shape: shape, mask: mask.hasEdge ? .causal : .none).tileSize
  }

  /// Products of just below and above the sizes where OpenBLAS changes its way: threads from M·N·K = 64³ on, kernels for
  /// small matrices up to 100³.
  static let productCases = [
    (63, 64, 65), (64, 64, 64), (64, 65, 64), (65, 63, 64), (64, 64, 65), (99, 100, 101), (100, 100, 100),
    (101, 99, 101), (100, 101, 100), (1, 512, 511), (1, 512, 513),
  ].enumerated().map { index, size in
    varied(
      SweepSizes(queries: size.0, keys: size.1, headSize: size.2, valueHeadSize: size.2), 1000 + 7 * index,
      layout: .headsFirst)
  }

  /// Few queries in groups that share a key/value head, which the tiled path stacks: every L and group size where all of a
  /// group fit one block of rows, and some where the last block has fewer heads.
  static let stackedCases: [SweepCase] = {
    var sizes: [(queries: Int, group: Int)] = []
    for queries in 1...5 {
      for group in 2...8 { sizes.append((queries, group)) }
    }
    sizes += [(17, 8), (30, 5), (43, 3), (1, 131), (2, 67), (63, 5), (64, 2), (65, 2)]
    return sizes.enumerated().map { index, size in
      let keyValueHeads = 1 + index % 3
      return SweepCase(
        sizes: SweepSizes(
          batch: 1 + index % 2, heads: size.group * keyValueHeads, keyValueHeads: keyValueHeads, queries: size.queries,
          keys: [29, 37, 41][index % 3], headSize: 7, valueHeadSize: 11),
        mask: index % 2 == 0 ? SweepMask.byHead[index / 2 % 5] : SweepMask.allCases[index % SweepMask.allCases.count],
        layout: Layout.allCases[index % 3], softcap: index % 4 == 3 ? 2.5 : nil, seed: 9000 + UInt64(index))
    }
  }()

  /// A case whose mask, layout and options follow from its number.
  private static func varied(_ sizes: SweepSizes, _ number: Int, layout: Layout? = nil) -> SweepCase {
    SweepCase(
      sizes: sizes, mask: SweepMask.allCases[number % SweepMask.allCases.count],
      layout: layout ?? Layout.allCases[number / 2 % 3], scale: number % 5 == 4 ? 0.37 : nil,
      softcap: number % 4 == 3 ? 2.5 : nil, seed: 1 + UInt64(number))
  }
}
