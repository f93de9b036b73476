import Attention
import Support
import Testing

@Suite struct MultiHeadAttentionTests {
  static let paths: [AttentionPath] = [.reference, .blas, .tiled]

  /// E = 15, H = 3: prime factors that no other size has.
  private func layer<Scalar: BLASScalar>(
    _ type: Scalar.Type = Scalar.self, keySize: Int? = nil, valueSize: Int? = nil
  ) throws -> MultiHeadAttention<Scalar> {
    let plain = try MultiHeadAttention<Scalar>(
      embeddingSize: 15, headCount: 3, keySize: keySize, valueSize: valueSize, seed: 17)
    // Biases that are not 0, so that they count.
    var random = SeededGenerator(seed: 18)
    var tensors = try plain.stateDict()
    tensors["in_proj_bias"] = try random.uniform([45])
    tensors["out_proj.bias"] = try random.uniform([15])
    return try MultiHeadAttention(stateDict: tensors, headCount: 3)
  }

  private func expectClose<Scalar: BLASScalar>(
    _ actual: Tensor<Scalar>?, _ expected: Tensor<Scalar>, _ label: String = "",
    _ sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let comparison = Comparison(
      actual, expected.doubles, shape: expected.shape, absolute: ErrorBound.double(expected.doubles, least: 1))
    #expect(comparison.isWithin, "\(label) \(comparison)", sourceLocation: sourceLocation)
  }

  /// Two heads of one feature; queries, keys and values are x itself. Head 0: scores [[1, 0], [0, 0]], head 1: [[0, 0],
  /// [0, 1]]; σ(1) = e / (e + 1) = 0.7310585786300049.
  @Test(arguments: paths)
  func byHand(path: AttentionPath) throws {
    let identity: [Double] = [1, 0, 0, 1]
    let layer = try MultiHeadAttention<Double>(
      inputProjection: .packed(Linear(weight: Tensor(identity + identity + identity, shape: [6, 2]))),
      outputProjection: Linear(weight: Tensor(rows: [[1, 1], [1, -1]]), bias: Tensor([1, 2], shape: [2])), headCount: 2)
    let x = try Tensor<Double>(identity, shape: [1, 2, 2])
    let sigma = 0.7310585786300049

    let result = try layer(x, needsWeights: .perHead, options: AttentionOptions(path: path))
    expectClose(
      result.weights,
      try Tensor([sigma, 1 - sigma, 0.5, 0.5, 0.5, 0.5, 1 - sigma, sigma], shape: [1, 2, 2, 2]), "weights")
    // Joined heads [[σ, ½], [½, σ]].
    expectClose(
      result.output, try Tensor([sigma + 1.5, sigma + 1.5, sigma + 1.5, 2.5 - sigma], shape: [1, 2, 2]), "output")

    let averaged = try layer(x, needsWeights: .averaged, options: AttentionOptions(path: path))
    let (large, small) = ((sigma + 0.5) / 2, (1.5 - sigma) / 2)
    expectClose(averaged.weights, try Tensor([large, small, small, large], shape: [1, 2, 2]), "averaged")
    #expect(averaged.output == result.output)
    #expect(averaged.details.weights == nil)
  }

  @Test(arguments: paths)
  func identities(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 19)
    let layer = try layer(Double.self)
    let x: Tensor<Double> = try random.normal([2, 7, 15])
    let memory: Tensor<Double> = try random.normal([2, 13, 15])
    let options = AttentionOptions(path: path)

    // Weights of a row sum to 1; averaged weights are the mean over heads.
    let perHead = try layer(query: x, key: memory, value: memory, needsWeights: .perHead, options: options)
    let weights = try #require(perHead.weights)
    #expect(weights.shape == [2, 3, 7, 13])
    let averaged = try #require(
      try layer(query: x, key: memory, value: memory, needsWeights: .averaged, options: options).weights)
    for batch in 0..<2 {
      for query in 0..<7 {
        var sum = 0.0
        for key in 0..<13 {
          let mean = (0..<3).reduce(0.0) { $0 + weights[batch, $1, query, key] } / 3
          #expect(abs(averaged[batch, query, key] - mean) < 1e-15)
          sum += mean
        }
        #expect(abs(sum - 1) < 1e-14)
      }
    }

    // Permuting keys together with values changes nothing.
    let order = random.permutation(13)
    let permuted = try Tensor<Double>(
      (0..<2).flatMap { batch in order.flatMap { key in (0..<15).map { memory[batch, key, $0] } } }, shape: [2, 13, 15])
    expectClose(try layer(query: x, key: permuted, value: permuted, path: path), perHead.output, "permuted")

    // A causal prefix does not see its future.
    let causal = try layer(x, mask: .causal, path: path)
    let prefix = try layer(x.sliced(axis: 1, 0..<4), mask: .causal, path: path)
    expectClose(prefix, try causal.sliced(axis: 1, 0..<4), "prefix")

    // An element of a batch alone, with and without the batch axis.
    let second = try layer(x.sliced(axis: 0, 1..<2), path: path)
    expectClose(second, try layer(x, path: path).sliced(axis: 0, 1..<2), "alone")
    expectClose(try layer(x.selecting(axis: 0, 1), path: path), try second.selecting(axis: 0, 0), "unbatched")
  }

  /// One head is scaled-dot-product attention between linear layers.
  @Test func oneHeadIsTheFunction() throws {
    var random = SeededGenerator(seed: 20)
    let layer = try MultiHeadAttention<Double>(embeddingSize: 5, headCount: 1, keySize: 3, valueSize: 7, seed: 1)
    let query: Tensor<Double> = try random.normal([2, 4, 5])
    let key: Tensor<Double> = try random.normal([2, 11, 3])
    let value: Tensor<Double> = try random.normal([2, 11, 7])
    let input = layer.inputProjection
    let joined = try scaledDotProductAttention(
      queries: input.query(query), keys: input.key(key), values: input.value(value), heads: 1, path: .reference)
    expectClose(try layer(query: query, key: key, value: value), try layer.outputProjection(joined))
  }

  /// Whichever inputs are one tensor, and however they lie in memory, the result is that of three tensors of their own.
  @Test(arguments: paths)
  func sharedInputsAndViews(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 21)
    let layer = try layer(Double.self)
    let wide: Tensor<Double> = try random.normal([9, 2, 22])
    let a = try wide.transposed(0, 1).sliced(axis: 2, 3..<18).sliced(axis: 1, 1..<8)
    let b: Tensor<Double> = try random.normal([2, 7, 15])
    func own(_ tensor: Tensor<Double>) throws -> Tensor<Double> { try Tensor(tensor.elements, shape: tensor.shape) }
    for (name, q, k, v) in [
      ("self", a, a, a), ("cross", b, a, a), ("query is key", a, a, b), ("query is value", a, b, a),
    ] {
      let separate = try layer(query: own(q), key: own(k), value: own(v), path: path)
      expectClose(try layer(query: q, key: k, value: v, path: path), separate, name)
    }
    // Same memory, another view: not one input.
    let turned = try b.sliced(axis: 1, 0..<7).sliced(axis: 0, 0..<1)
    let other = try b.sliced(axis: 0, 1..<2)
    expectClose(
      try layer(query: turned, key: other, value: other, path: path),
      try layer(query: own(turned), key: own(other), value: own(other), path: path), "other view")
  }

  @Test func separateParametersOfOneSizeArePacked() throws {
    var random = SeededGenerator(seed: 22)
    let packed = try layer(Double.self)
    let input = packed.inputProjection
    let again = try MultiHeadAttention(
      inputProjection: .separate(query: input.query, key: input.key, value: input.value),
      outputProjection: packed.outputProjection, headCount: 3)
    guard case .packed(let linear) = again.inputProjection else {
      Issue.record("three projections of one size stayed separate")
      return
    }
    #expect(linear.weight.shape == [45, 15] && linear.bias?.shape == [45])
    let x: Tensor<Double> = try random.normal([2, 7, 15])
    #expect(try again(x) == packed(x))
  }

  /// A query with nothing to attend: weights 0, and the output projection's bias exactly.
  @Test(arguments: paths)
  func queryWithNothingToAttend(path: AttentionPath) throws {
    var random = SeededGenerator(seed: 23)
    let layer = try layer(Float.self)
    let bias = try #require(layer.outputProjection.bias)
    let x: Tensor<Float> = try random.normal([2, 7, 15])
    // Torch's polarity: query 2 ignores every key, in both batch elements; element 1 is padding from key 5 on.
    let ignored = try Tensor((0..<49).map { $0 / 7 == 2 }, shape: [7, 7])
    let padding = try Tensor((0..<14).map { $0 >= 7 + 5 }, shape: [2, 7])
    let mask =
      try AttentionMask<Float>.ignoring(torchAttentionMask: ignored, headCount: 3)
      & .ignoring(torchKeyPaddingMask: padding)
    for needsWeights in [HeadWeights.perHead, .averaged] {
      let result = try layer(x, mask: mask, needsWeights: needsWeights, options: AttentionOptions(path: path))
      let weights = try #require(result.weights)
      for batch in 0..<2 {
        #expect(try result.output.selecting(axis: 0, batch).selecting(axis: 0, 2) == bias)
        let rows = try weights.selecting(axis: 0, batch)
        #expect(try rows.selecting(axis: rows.rank - 2, 2).elements.allSatisfy { $0 == 0 })
      }
      #expect(result.output.elements.allSatisfy { $0.isFinite })
    }
    let alone = try layer(x, mask: mask, path: path)
    for batch in 0..<2 { #expect(try alone.selecting(axis: 0, batch).selecting(axis: 0, 2) == bias) }
  }

  /// A mask's size of 1 stands for every place along its axis, in PyTorch's polarity as in any.
  @Test(arguments: [[1, 7], [7, 1], [1, 1], [1, 7, 7], [6, 1, 7], [6, 7, 1], [1, 1, 7]])
  func torchMasksRepeat(shape: [Int]) throws {
    var random = SeededGenerator(seed: 26)
    let layer = try layer(Double.self)
    let x: Tensor<Double> = try random.normal([2, 7, 15])
    let full = shape.count == 2 ? [7, 7] : [6, 7, 7]
    let ignored = try Tensor((0..<shape.reduce(1, *)).map { $0 % 3 == 1 }, shape: shape)
    let added: Tensor<Double> = try random.normal(shape)
    let small =
      try AttentionMask<Double>.ignoring(torchAttentionMask: ignored, headCount: 3)
      & .adding(torchAttentionMask: added, headCount: 3)
    let large =
      try AttentionMask<Double>.ignoring(torchAttentionMask: ignored.broadcast(to: full), headCount: 3)
      & .adding(torchAttentionMask: added.broadcast(to: full), headCount: 3)
    #expect(try layer(x, mask: small) == layer(x, mask: large))
  }

  @Test func emptyProblems() throws {
    let layer = try layer(Float.self)
    let bias = try #require(layer.outputProjection.bias)
    for path in Self.paths {
      #expect(try layer(Tensor(zeros: [0, 7, 15]), path: path).shape == [0, 7, 15])
      #expect(try layer(Tensor(zeros: [2, 0, 15]), path: path).shape == [2, 0, 15])
      let none = try Tensor<Float>(zeros: [2, 0, 15])
      let result = try layer(
        query: Tensor(repeating: 1, shape: [2, 3, 15]), key: none, value: none, needsWeights: .averaged,
        options: AttentionOptions(path: path))
      #expect(try result.output == bias.broadcast(to: [2, 3, 15]))
      #expect(result.weights?.shape == [2, 3, 0])
    }
  }

  @Test func detailsAndOptionsReachTheAttention() throws {
    var random = SeededGenerator(seed: 24)
    let layer = try layer(Double.self)
    let x: Tensor<Double> = try random.normal([2, 7, 15])
    let options = AttentionOptions(scale: 0.25, softcap: 2, details: [.cappedScores, .logSumExp], path: .blas)
    let result = try layer(x, needsWeights: .none, options: options)
    #expect(result.weights == nil && result.details.weights == nil)
    #expect(result.details.cappedScores?.shape == [2, 3, 7, 7] && result.details.logSumExp?.shape == [2, 3, 7])
    let input = layer.inputProjection
    let direct = try scaledDotProductAttention(
      queries: input.query(x), keys: input.key(x), values: input.value(x), heads: 3, options: options)
    expectClose(result.details.cappedScores, try #require(direct.details.cappedScores), "capped scores")
    expectClose(result.details.logSumExp, try #require(direct.logSumExp), "log-sum-exp")
    expectClose(result.output, try layer.outputProjection(direct.output), "output")
  }

  /// Several threads of a program may call at once: each gets what it would get alone, bit by bit.
  @Test func eightCallersAtOnce() throws {
    var random = SeededGenerator(seed: 25)
    let layer = try MultiHeadAttention<Float>(embeddingSize: 60, headCount: 3, seed: 2)
    let x: Tensor<Float> = try random.normal([2, 67, 60])
    let alone = try layer(x, path: .tiled, workers: 2)
    let results = try ConcurrentCalls.run(8) { _ in try layer(x, path: .tiled, workers: 2) }
    #expect(results.count == 8)
    #expect(results.allSatisfy { $0.isBitwiseEqual(to: alone) })
  }
}
