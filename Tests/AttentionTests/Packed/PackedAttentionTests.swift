import Attention
import Tensors
import Testing

@Suite("Packed sequences")
struct PackedAttentionTests {
  /// Sequences of no, one, few and more queries than a tile has, with other numbers of keys.
  private static let queryLengths = [3, 0, 261, 1, 17]
  private static let keyLengths = [5, 2, 517, 0, 17]
  private let h = 2
  private let g = 1
  private let d = 7
  private let dv = 5

  private func operands(
    _ way: Way, _ queryLengths: [Int], _ keyLengths: [Int]
  ) throws -> (q: Tensor<Double>, k: Tensor<Double>, v: Tensor<Double>) {
    let (t, u) = (queryLengths.reduce(0, +), keyLengths.reduce(0, +))
    return (try numbers([t, h, d]), try numbers([u, g, d], seed: 2), try numbers([u, g, dv], seed: 3))
  }

  /// [rows, heads, size] of one sequence as [1, heads, rows, size].
  private func sequence(_ tensor: Tensor<Double>, _ rows: Range<Int>) throws -> Tensor<Double> {
    try tensor.sliced(axis: 0, rows).transposed(0, 1).insertingAxis(0)
  }

  private func attend(
    _ way: Way, _ q: Tensor<Double>, _ k: Tensor<Double>, _ v: Tensor<Double>, _ sequences: PackedSequences,
    _ keySequences: PackedSequences?, mask: AttentionMask<Double>, alignment: QueryAlignment?,
    details: AttentionDetailSet = [], dropout: AttentionDropout? = nil
  ) throws -> (output: Tensor<Double>, details: AttentionDetails<Double>?) {
    let options = way.options(alignment: alignment, details: details)
    let modifiers = AttentionModifiers<Double>(dropout: dropout)
    if way.element == .double {
      let result = try scaledDotProductAttention(
        queries: q, keys: k, values: v, sequences: sequences, keySequences: keySequences, mask: mask,
        modifiers: modifiers, options: options)
      return (result.output, result.details)
    }
    let result = try scaledDotProductAttention(
      queries: q.converted(to: Float.self), keys: k.converted(to: Float.self), values: v.converted(to: Float.self),
      sequences: sequences, keySequences: keySequences, mask: mask.converted(to: Float.self),
      modifiers: AttentionModifiers(dropout: dropout), options: options)
    return (try result.output.converted(to: Double.self), nil)
  }

  struct Setting: Sendable, CustomTestStringConvertible {
    let name: String
    let mask: AttentionMask<Double>
    let alignment: QueryAlignment?
    var testDescription: String { name }

    static let all = [
      Setting(name: "full", mask: .none, alignment: nil),
      Setting(name: "causal from the start", mask: .causal, alignment: .start),
      Setting(name: "causal to the end", mask: .causal, alignment: .end),
      Setting(name: "window", mask: .window(left: 100, right: 3), alignment: .end),
    ]
  }

  @Test("Each sequence is as by itself", arguments: Way.all, Setting.all)
  func asByItself(way: Way, setting: Setting) throws {
    let sequences = try PackedSequences(lengths: Self.queryLengths)
    let keySequences = try PackedSequences(lengths: Self.keyLengths)
    let (q, k, v) = try operands(way, Self.queryLengths, Self.keyLengths)
    let packed = try attend(
      way, q, k, v, sequences, keySequences, mask: setting.mask, alignment: setting.alignment)
    #expect(packed.output.shape == [sequences.total, h, dv])
    for index in 0..<sequences.count where sequences.length(index) > 0 {
      let rows = sequences.offsets[index]..<sequences.offsets[index + 1]
      let keyRows = keySequences.offsets[index]..<keySequences.offsets[index + 1]
      // Another path, and held to an oracle elsewhere.
      let single = try Way(path: way.path == .blas ? .tiled : .blas, element: .double, workers: 1).attend(
        sequence(q, rows), sequence(k, keyRows), sequence(v, keyRows), mask: setting.mask,
        alignment: setting.alignment)
      expectClose(
        try sequence(packed.output, rows), single.output.elements, way, "sequence \(index)")
    }
  }

  @Test("Details are those of the padded batch", arguments: Way.complete.filter { $0.element == .double })
  func details(way: Way) throws {
    let (queryLengths, keyLengths) = ([2, 5, 0], [3, 4, 1])
    let (q, k, v) = try operands(way, queryLengths, keyLengths)
    let sequences = try PackedSequences(lengths: queryLengths)
    let keySequences = try PackedSequences(lengths: keyLengths)
    let details = try #require(
      try attend(
        way, q, k, v, sequences, keySequences, mask: .none, alignment: nil,
        details: [.weights, .maskedScores, .logSumExp]
      ).details)
    let weights = try #require(details.weights)
    #expect(weights.shape == [3, h, 5, 4])
    for b in 0..<3 {
      for i in 0..<5 {
        let row = (0..<4).map { weights[b, 1, i, $0] }
        let isThere = i < queryLengths[b]
        #expect(abs(row.reduce(0, +) - (isThere ? 1 : 0)) < 1e-12, "\(b), \(i)")
        #expect(row[min(keyLengths[b], 4)...].allSatisfy { $0 == 0 })
        #expect(try #require(details.logSumExp)[b, 1, i].isFinite == isThere)
      }
    }
    #expect(try #require(details.maskedScores)[0, 0, 0, 3] == -.infinity)
  }

  @Test(
    "Dropout counts batch elements, queries and keys as in a padded batch",
    arguments: [AttentionPath.automatic] + Way.paths)
  func dropout(path: AttentionPath) throws {
    let way = Way(path: path, element: .double, workers: 2)
    let lengths = [4, 6]
    let sequences = try PackedSequences(lengths: lengths)
    let (q, k, v) = try operands(way, lengths, lengths)
    let dropout = AttentionDropout(probability: 0.5, seed: 3)
    let packed = try attend(
      way, q, k, v, sequences, nil, mask: .causal, alignment: nil, dropout: dropout)
    func padded(_ tensor: Tensor<Double>) throws -> Tensor<Double> {
      let (heads, size) = (tensor.shape[1], tensor.shape[2])
      var elements: [Double] = []
      for (b, h, i, e) in (0..<2).flatMap({ b in
        (0..<heads).flatMap { h in (0..<6).flatMap { i in (0..<size).map { (b, h, i, $0) } } }
      }) {
        elements.append(i < lengths[b] ? tensor[sequences.offsets[b] + i, h, e] : 0)
      }
      return try Tensor(elements, shape: [2, heads, 6, size])
    }
    let batch = try way.attend(
      padded(q), padded(k), padded(v), mask: .causal & .keyLengths(lengths), dropout: dropout)
    for b in 0..<2 {
      let rows = sequences.offsets[b]..<sequences.offsets[b + 1]
      let expected = try batch.output.sliced(axis: 0, b..<(b + 1)).sliced(axis: 2, 0..<lengths[b])
      expectClose(try sequence(packed.output, rows), expected.elements, way, "sequence \(b)")
    }
  }

  @Test("Views are read where they lie")
  func views() throws {
    let way = Way(path: .tiled, element: .double, workers: 1)
    let lengths = [3, 4]
    let sequences = try PackedSequences(lengths: lengths)
    let (q, k, v) = try operands(way, lengths, lengths)
    // Packed projections [T, 3, …] are the usual case: rows further apart than they are long.
    let wide = try numbers([7, 2 * h, d])
    let view = try wide.sliced(axis: 1, h..<(2 * h))
    let contiguous = try view.copy()
    let actual = try attend(way, view, k, v, sequences, nil, mask: .none, alignment: nil).output
    let expected = try attend(way, contiguous, k, v, sequences, nil, mask: .none, alignment: nil).output
    #expect(actual.elements == expected.elements)
    #expect(actual.elements != (try attend(way, q, k, v, sequences, nil, mask: .none, alignment: nil).output.elements))
  }

  /// The last sequence is short, after it memory that must not be read begins: whole vectors of keys would reach into it.
  @Test("Nothing is read beyond the last row", arguments: [1, 3, 17, 60])
  func lastRows(length: Int) throws {
    let page = 4096 / MemoryLayout<Float>.stride
    let lengths = [100, length]
    let rows = 100 + length
    let size = 64
    let count = rows * size
    let whole = (count + page - 1) / page * page
    let guarded = try GuardedNumbers<Float>(whole + page, forbidden: whole..<(whole + page))
    let sequences = try PackedSequences(lengths: lengths)
    let q = try numbers([rows, 2, size]).converted(to: Float.self)
    // The rows end where the forbidden page begins.
    let storage = TensorStorage(
      readOnly: try #require(guarded.buffer.baseAddress) + (whole - count), count: count, owner: "the test")
    let k = Tensor<Float>(storage: storage, layout: try TensorLayout(contiguous: [rows, 1, size]))
    for path in [AttentionPath.tiled, .fused] {
      let result = try scaledDotProductAttention(
        queries: q, keys: k, values: k, sequences: sequences, options: AttentionOptions(path: path))
      #expect(result.output.elements.allSatisfy { $0 >= 0 && $0 <= 0.75 })
    }
    withExtendedLifetime(guarded) {}
  }

  @Test("What does not fit is named")
  func errors() throws {
    let sequences = try PackedSequences(lengths: [2, 3])
    let (q, k) = (try Tensor<Float>(zeros: [5, 6, 4]), try Tensor<Float>(zeros: [5, 2, 4]))
    func expectError(
      _ expected: AttentionError, queries: Tensor<Float>? = nil, keys: Tensor<Float>? = nil,
      keySequences: PackedSequences? = nil, mask: AttentionMask<Float> = .none
    ) {
      #expect(throws: expected) {
        try scaledDotProductAttention(
          queries: queries ?? q, keys: keys ?? k, values: keys ?? k, sequences: sequences,
          keySequences: keySequences, mask: mask)
      }
    }
    expectError(
      .rank(name: "queries", expected: "3: [rows, heads, head size]", shape: [1, 6, 5, 4]),
      queries: try Tensor(zeros: [1, 6, 5, 4]))
    expectError(
      .shape(name: "queries", expected: "[5, 6, 4]", actual: [6, 6, 4]), queries: try Tensor(zeros: [6, 6, 4]))
    expectError(.shape(name: "keys", expected: "[5, 2, 4]", actual: [4, 2, 4]), keys: try Tensor(zeros: [4, 2, 4]))
    expectError(.headCounts(heads: 6, keyValueHeads: 4), keys: try Tensor(zeros: [5, 4, 4]))
    expectError(
      .argument(name: "key sequences", expected: "2, as of the queries", actual: "1"),
      keySequences: try PackedSequences(lengths: [5]))
    expectError(
      .alignmentNeeded(queries: 2, keys: 1), keySequences: try PackedSequences(lengths: [1, 4]), mask: .causal)
    for detail in [AttentionDetailSet.rawScores, .cappedScores] {
      #expect(
        throws: AttentionError.argument(
          name: "details", expected: "no scores of masked places, for packed sequences", actual: "\(detail)")
      ) {
        try scaledDotProductAttention(
          queries: q, keys: k, values: k, sequences: sequences, options: AttentionOptions(details: detail))
      }
    }
    expectError(
      .argument(name: "key lengths", expected: "2, one per batch element", actual: "1"), mask: .keyLengths([2]))
  }
}
