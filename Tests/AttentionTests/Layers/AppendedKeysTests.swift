import Attention
import Foundation
import Support
import Testing

/// Keys and values of a layer's own behind those of its inputs.
@Suite struct AppendedKeysTests {
  static let paths: [AttentionPath] = [.reference, .blas, .tiled]

  private func layer<Scalar: BLASScalar>(
    _ type: Scalar.Type = Scalar.self, learned: Bool = true, zero: Bool = true, order: AxisOrder = .batchFirst
  ) throws -> MultiHeadAttention<Scalar> {
    try MultiHeadAttention(
      embeddingSize: 15, headCount: 3, appendsLearnedKey: learned, appendsZeroKey: zero, axisOrder: order, seed: 5)
  }

  private func expectClose<Scalar: BLASScalar>(
    _ actual: Tensor<Scalar>?, _ expected: Tensor<Scalar>, _ label: String = "",
    _ sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let comparison = Comparison(
      actual, expected.doubles, shape: expected.shape, absolute: ErrorBound.double(expected.doubles, least: 1))
    #expect(comparison.isWithin, "\(label) \(comparison)", sourceLocation: sourceLocation)
  }

  /// One token 1 of size 1, queries, keys and values as they come; a learned key 0 with value 6, and the zero key:
  /// scores 1, 0, 0, so weights e, 1, 1 over e + 2, and the output (e + 6) / (e + 2).
  @Test(arguments: paths)
  func byHand(path: AttentionPath) throws {
    func layer(_ appended: AppendedKeys<Double>) throws -> MultiHeadAttention<Double> {
      try MultiHeadAttention(
        inputProjection: .packed(Linear(weight: Tensor([1, 1, 1], shape: [3, 1]))),
        outputProjection: Linear(weight: Tensor([1], shape: [1, 1])), headCount: 1, appendedKeys: appended)
    }
    let x = try Tensor<Double>([1], shape: [1, 1, 1])
    let (key, value) = (try Tensor<Double>([0], shape: [1, 1, 1]), try Tensor<Double>([6], shape: [1, 1, 1]))
    let e = 2.718281828459045
    for (appended, weights, output) in [
      (AppendedKeys<Double>.none, [1.0], 1.0), (AppendedKeys(hasZero: true), [e / (e + 1), 1 / (e + 1)], e / (e + 1)),
      (try AppendedKeys(key: key, value: value), [e / (e + 1), 1 / (e + 1)], (e + 6) / (e + 1)),
      (
        try AppendedKeys(key: key, value: value, hasZero: true), [e / (e + 2), 1 / (e + 2), 1 / (e + 2)],
        (e + 6) / (e + 2)
      ),
    ] {
      #expect(appended.count == weights.count - 1)
      let result = try layer(appended)(x, needsWeights: .perHead, options: AttentionOptions(path: path))
      expectClose(result.weights, try Tensor(weights, shape: [1, 1, 1, weights.count]), "weights")
      expectClose(result.output, try Tensor([output], shape: [1, 1, 1]), "output")
    }
  }

  /// Masks over ranges of keys give what the same masks written out give; no mask reaches the appended keys.
  @Test(arguments: paths)
  func rangesAreThoseOfTheSequence(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 41)
    let layer = try layer(Double.self)
    let x: Tensor<Double> = try random.normal([2, 7, 15])
    let memory: Tensor<Double> = try random.normal([2, 11, 15])
    let bias: Tensor<Double> = try random.normal([3, 7, 11])
    let lengths = [11, 4]
    for (name, mask, alignment, attends) in [
      ("causal", .causal, .start, { _, i, j in j <= i }),
      ("causal at the end", .causal, .end, { _, i, j in j <= i + 4 }),
      ("window", .window(left: 2, right: 1), .offset(1), { _, i, j in j >= i - 1 && j <= i + 2 }),
      ("lengths", .keyLengths(lengths), nil, { b, _, j in j < lengths[b] }),
      (
        "causal and lengths at the end", .causal & .keyLengths(lengths), .end,
        { b, i, j in j < lengths[b] && j <= i + lengths[b] - 7 }
      ),
      ("causal at offsets", .causal, .offsets([3, -2]), { b, i, j in j <= i + [3, -2][b] }),
    ] as [(String, AttentionMask<Double>, QueryAlignment?, (Int, Int, Int) -> Bool)] {
      var keep = try Tensor<Bool>(zeros: [2, 1, 7, 11])
      for b in 0..<2 { for i in 0..<7 { for j in 0..<11 { keep[b, 0, i, j] = attends(b, i, j) } } }
      for added in [AttentionMask<Double>.none, .bias(bias)] {
        let result = try layer(
          query: x, key: memory, value: memory, mask: mask & added, needsWeights: .perHead,
          options: AttentionOptions(alignment: alignment, path: path))
        let written = try layer(
          query: x, key: memory, value: memory, mask: .keep(keep) & added, needsWeights: .perHead,
          options: AttentionOptions(path: path))
        expectClose(result.output, written.output, name)
        let weights = try #require(result.weights)
        expectClose(weights, try #require(written.weights), name)
        #expect(weights.shape == [2, 3, 7, 13])
        for b in 0..<2 {
          for i in 0..<7 {
            for j in 0..<13 {
              let isAttended = j >= 11 || attends(b, i, j)
              #expect((weights[b, 1, i, j] > 0) == isAttended, "\(name) \(b) \(i) \(j)")
            }
          }
        }
      }
    }
  }

  /// Biases by distance give what they give written out; the appended keys have none.
  @Test(arguments: paths)
  func positionBiases(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 45)
    let layer = try layer(Double.self)
    let (x, memory): (Tensor<Double>, Tensor<Double>) = (
      try random.normal([2, 7, 15]), try random.normal([2, 11, 15])
    )
    let slopes = [0.5, 0.25, 1.5]
    let table = try random.normal([9], as: Double.self)  // distances −4 … 4
    let (perElement, perQuery): (Tensor<Double>, Tensor<Double>) = (
      try random.normal([2, 1, 1, 11]), try random.normal([7, 11])
    )
    let (ofSlopes, ofTable) = (PositionBias<Double>.alibi(slopes: slopes), PositionBias<Double>.distances(table: table))
    for (name, mask, alignment, bias) in [
      ("slopes", .positionBias(ofSlopes), .start, { _, h, i, j in -slopes[h] * Double(abs(j - i)) }),
      ("table", .positionBias(ofTable), .end, { _, _, i, j in table[min(max(j - i - 4, -4), 4) + 4] }),
      (
        "offsets", .causal & .positionBias(ofSlopes), .offsets([3, 1]),
        { b, h, i, j in j > i + [3, 1][b] ? -.infinity : -slopes[h] * Double(abs(j - i - [3, 1][b])) }
      ),
      (
        "lengths", .keyLengths([9, 7]) & .positionBias(ofTable), .end,
        { b, _, i, j in j >= [9, 7][b] ? -.infinity : table[min(max(j - i - [2, 0][b], -4), 4) + 4] }
      ),
      (
        "beside a bias of each element", .positionBias(ofSlopes) & .bias(perElement), .start,
        { b, h, i, j in -slopes[h] * Double(abs(j - i)) + perElement[b, 0, 0, j] }
      ),
      (
        "beside a bias of all", .positionBias(ofTable) & .bias(perQuery), .offset(2),
        { _, _, i, j in table[min(max(j - i - 2, -4), 4) + 4] + perQuery[i, j] }
      ),
    ] as [(String, AttentionMask<Double>, QueryAlignment, (Int, Int, Int, Int) -> Double)] {
      // Over the appended keys as well, where it is 0.
      var dense = try Tensor<Double>(zeros: [2, 3, 7, 11])
      for b in 0..<2 {
        for h in 0..<3 { for i in 0..<7 { for j in 0..<11 { dense[b, h, i, j] = bias(b, h, i, j) } } }
      }
      let options = AttentionOptions(alignment: alignment, details: [.maskedScores], path: path)
      let result = try layer(
        query: x, key: memory, value: memory, mask: mask, needsWeights: .perHead, options: options)
      let written = try layer(
        query: x, key: memory, value: memory, mask: .bias(dense), needsWeights: .perHead, options: options)
      expectClose(result.output, written.output, name)
      expectClose(result.weights, try #require(written.weights), name)
      expectClose(result.details.maskedScores, try #require(written.details.maskedScores), name)
    }
    // Nobody to bias.
    let alibi = AttentionMask<Double>.positionBias(ofSlopes) & .bias(try Tensor(zeros: [0, 1, 7, 7]))
    #expect(try layer(Tensor(zeros: [0, 7, 15]), mask: alibi, path: path).shape == [0, 7, 15])
    let none = try Tensor<Double>(zeros: [2, 0, 15])
    let alone = try layer(
      query: x, key: none, value: none, mask: .positionBias(ofSlopes), alignment: .start, path: path)
    expectClose(alone, try layer(query: x, key: none, value: none, path: path), "no keys")
  }

  /// Rules give what they give written out, and let the appended keys through.
  @Test(arguments: paths)
  func patterns(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 46)
    let layer = try layer(Double.self)
    let (x, memory): (Tensor<Double>, Tensor<Double>) = (
      try random.normal([2, 7, 15]), try random.normal([2, 11, 15])
    )
    func block(_ place: Int) -> Int { Int((Double(place) / 4).rounded(.down)) }
    for (alignment, offsets) in [
      (QueryAlignment.start, [0, 0]), (.end, [4, 4]), (.offsets([3, -2]), [3, -2]),
    ] {
      for (name, pattern, attends) in [
        ("blocks", .blockLocal(size: 4), { b, _, i, j in block(i + offsets[b]) == block(j) }),
        (
          "before, but for every third", .causal & !.strided(3),
          { b, _, i, j in j <= i + offsets[b] && (i + offsets[b] - j) % 3 != 0 }
        ),
        (
          "predicate", .predicate { _, head, query, key in head != 1 && query + key != 4 },
          { _, h, i, j in h != 1 && i + j != 4 }
        ),
        ("all", .window(left: nil, right: nil), { _, _, _, _ in true }),
      ] as [(String, MaskPattern, (Int, Int, Int, Int) -> Bool)] {
        var keep = try Tensor<Bool>(zeros: [2, 3, 7, 11])
        for b in 0..<2 {
          for h in 0..<3 { for i in 0..<7 { for j in 0..<11 { keep[b, h, i, j] = attends(b, h, i, j) } } }
        }
        let mask = AttentionMask<Double>.pattern(pattern)
        let options = AttentionOptions(alignment: alignment, path: path)
        // Of the second mask only the first part at the end, as lengths would move it.
        for added in [AttentionMask<Double>.none, alignment == .end ? .causal : .causal & .keyLengths([9, 11])] {
          let result = try layer(
            query: x, key: memory, value: memory, mask: mask & added, needsWeights: .perHead, options: options)
          let written = try layer(
            query: x, key: memory, value: memory, mask: .keep(keep) & added, needsWeights: .perHead, options: options)
          expectClose(result.output, written.output, "\(name), \(alignment)")
          expectClose(result.weights, try #require(written.weights), "\(name), \(alignment)")
        }
        guard alignment == .start else { continue }
        // A run of a plan that was made for more.
        let plan = try layer.plan(batch: 3, queries: 8, keys: 13, mask: mask, options: options)
        var workspace = try plan.makeWorkspace()
        let run = try plan(query: x, key: memory, value: memory, workspace: &workspace)
        let written = try layer(
          query: x, key: memory, value: memory, mask: .keep(keep), alignment: .start, path: path)
        expectClose(run.output, written, "a run of \(name)")
      }
    }
  }

  /// A query that may attend no key of the sequence attends the layer's own, and these alone.
  @Test(arguments: paths)
  func nothingOfTheSequenceToAttend(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 42)
    let layer = try layer(Double.self, learned: false)
    let x: Tensor<Double> = try random.normal([2, 7, 15])
    let ignored = try Tensor(repeating: true, shape: [2, 7])
    for mask in [AttentionMask<Double>.keyLengths([0, 0]), try .ignoring(torchKeyPaddingMask: ignored)] {
      let result = try layer(x, mask: mask, needsWeights: .averaged, options: AttentionOptions(path: path))
      #expect(result.weights?.elements == Array(repeating: [0, 0, 0, 0, 0, 0, 0, 1], count: 14).flatMap { $0 })
      // The value of zeros, projected: the biases, which are 0.
      #expect(result.output.elements.allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: paths)
  func emptyProblems(path: AttentionPath) throws {
    for order in AxisOrder.allCases {
      let layer = try layer(Float.self, order: order)
      #expect(try layer(Tensor(zeros: [0, 7, 15]), path: path).shape == [0, 7, 15])
      #expect(try layer(Tensor(zeros: [2, 0, 15]), path: path).shape == [2, 0, 15])
      // No keys but the layer's own, masked as a sequence of none is.
      let (query, none) = order == .batchFirst ? ([2, 3, 15], [2, 0, 15]) : ([3, 2, 15], [0, 2, 15])
      let keys = try Tensor<Float>(zeros: none)
      for mask in [AttentionMask<Float>.none, .keyLengths([0, 0]), .causal, .keep(try Tensor(zeros: [3, 0]))] {
        let result = try layer(
          query: Tensor(repeating: 1, shape: query), key: keys, value: keys, mask: mask, needsWeights: .averaged,
          options: AttentionOptions(alignment: .start, path: path))
        let weights = try #require(result.weights)
        #expect(weights.shape == [2, 3, 2] && weights.elements.allSatisfy { $0 > 0 })
      }
    }
  }

  /// Runs of any size up to the plan's, with masks of their own or the plan's, in one workspace.
  @Test(arguments: AxisOrder.allCases)
  func runsUpToCapacity(order: AxisOrder) throws {
    var random = SeededGenerator(seed: 43)
    let layer = try layer(Float.self, order: order)
    let options = AttentionOptions(alignment: .end, path: .tiled)
    let plan = try layer.plan(
      batch: 3, queries: 7, keys: 13, mask: .causal, needsWeights: .averaged, options: options)
    var workspace = try plan.makeWorkspace()
    let bytes = workspace.byteCount
    func shape(_ batch: Int, _ rows: Int) -> [Int] { order == .batchFirst ? [batch, rows, 15] : [rows, batch, 15] }
    for (batch, queries, keys) in [(3, 7, 13), (1, 2, 5), (3, 7, 7), (2, 1, 13), (3, 7, 13)] {
      let x: Tensor<Float> = try random.normal(shape(batch, queries))
      let memory: Tensor<Float> = try random.normal(shape(batch, keys))
      for mask in [nil, AttentionMask<Float>.none, .window(left: 2, right: 0)] {
        var output = try Tensor<Float>(repeating: .nan, shape: x.shape)
        let (weights, _) = try plan.run(
          query: x, key: memory, value: memory, mask: mask, into: &output, workspace: &workspace)
        let fresh = try layer(
          query: x, key: memory, value: memory, mask: mask ?? .causal, needsWeights: .averaged, options: options)
        #expect(output == fresh.output && weights == fresh.weights)
        #expect(weights?.shape == [batch, queries, keys + 2])
      }
    }
    #expect(workspace.byteCount == bytes)
    let long = try Tensor<Float>(zeros: shape(3, 14))
    #expect(throws: AttentionError.capacity(name: "keys", capacity: 13, actual: 14)) {
      try plan(query: Tensor(zeros: shape(3, 7)), key: long, value: long, workspace: &workspace)
    }
    #expect(plan.explain().contains("appended   a learned one and one of zeros, behind the 13 keys of each sequence"))
  }

  /// The keys' memory has room behind each sequence; attention reads queries, keys and values where they are.
  @Test func appendedWhereTheyLie() throws {
    let x = try Tensor<Float>(repeating: 1, shape: [2, 7, 15])
    for (order, products, strides) in [
      (AxisOrder.batchFirst, 2, [9 * 45, 45, 1]), (.sequenceFirst, 1, [45, 7 * 45, 1]),
    ] {
      let layer = try layer(Float.self, order: order)
      let plan = try layer.plan(batch: 7, queries: 7)
      var workspace = try plan.makeWorkspace()
      let inputs = try plan.project(query: x, key: x, value: x, workspace: &workspace)
      #expect(inputs.productCount == products && inputs.keys.strides == strides)
      let (batch, rows) = order == .batchFirst ? (2, 7) : (7, 2)
      #expect(inputs.keys.shape == [batch, rows, 15])
      let before = inputs.values.elements
      let appended = inputs.appending(layer.appendedKeys)
      #expect(appended.keys.shape == [batch, rows + 2, 15] && appended.keys.strides == strides)
      #expect(inputs.values.elements == before && appended.queries.shape == [batch, rows, 15])
      for operand in [appended.queries, appended.keys, appended.values] { #expect(try plan.readsInPlace(operand)) }
      for (operand, row) in [
        (appended.keys, layer.appendedKeys.key), (appended.values, layer.appendedKeys.value),
      ] {
        for element in 0..<batch {
          let sequence = try operand.selecting(axis: 0, element)
          #expect(try sequence.selecting(axis: 0, rows).elements == row?.elements)
          #expect(try sequence.selecting(axis: 0, rows + 1).elements == Array(repeating: 0, count: 15))
        }
      }
    }
  }

  /// Details have the appended columns too: the zero key's score is 0, and bias and mask do not change it.
  @Test(arguments: paths)
  func detailsCountAppendedKeys(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 44)
    let layer = try layer(Double.self)
    let x: Tensor<Double> = try random.normal([2, 7, 15])
    let bias: Tensor<Double> = try random.normal([7, 7])
    let options = AttentionOptions(details: [.rawScores, .maskedScores, .logSumExp], path: path)
    let result = try layer(x, mask: .causal & .bias(bias), needsWeights: .none, options: options)
    let (raw, masked) = (try #require(result.details.rawScores), try #require(result.details.maskedScores))
    let logSumExp = try #require(result.details.logSumExp)
    #expect(raw.shape == [2, 3, 7, 9] && masked.shape == [2, 3, 7, 9] && logSumExp.shape == [2, 3, 7])
    for index in 0..<42 {
      let (b, h, i) = (index / 21, index / 7 % 3, index % 7)
      #expect(raw[b, h, i, 8] == 0 && masked[b, h, i, 8] == 0)
      #expect(raw[b, h, i, 7] != 0 && masked[b, h, i, 7] == raw[b, h, i, 7])
      #expect((0..<7).allSatisfy { (masked[b, h, i, $0] == -.infinity) == ($0 > i) })
      var sum = 0.0
      for j in 0..<9 { sum += exp(masked[b, h, i, j]) }
      #expect(abs(logSumExp[b, h, i] - log(sum)) < 1e-13)
    }
  }

  @Test func appendingNeedsRoom() async {
    await #expect(processExitsWith: .failure) {
      let layer = try MultiHeadAttention<Float>(embeddingSize: 2, headCount: 1, seed: 1)
      let x = try Tensor<Float>(zeros: [1, 1, 2])
      let plan = try layer.plan(queries: 1)
      var workspace = try plan.makeWorkspace()
      _ = try plan.project(query: x, key: x, value: x, workspace: &workspace).appending(AppendedKeys(hasZero: true))
    }
  }

  @Test func freshParameters() throws {
    let plain = try MultiHeadAttention<Double>(embeddingSize: 128, headCount: 1, seed: 5)
    let layer = try MultiHeadAttention<Double>(embeddingSize: 128, headCount: 1, appendsLearnedKey: true, seed: 5)
    #expect(plain.appendedKeys.count == 0 && layer.appendedKeys.count == 1 && !layer.appendedKeys.hasZero)
    let names = ["in_proj_weight", "in_proj_bias", "bias_k", "bias_v", "out_proj.weight", "out_proj.bias"]
    #expect(layer.parameters.map(\.name) == names)
    #expect(layer.parameters.filter { !$0.name.hasPrefix("bias_") } == plain.parameters)
    // Of variance 1/E: the mean of 256 squares of such numbers, within five of its standard deviations.
    let drawn = [layer.appendedKeys.key, layer.appendedKeys.value].flatMap { $0?.elements ?? [] }
    #expect(drawn.count == 256)
    var sum = 0.0
    for number in drawn { sum += number * number }
    let variance = sum / 256 * 128
    #expect(abs(variance - 1) < 5 * (2.0 / 256).squareRoot())
  }
}
