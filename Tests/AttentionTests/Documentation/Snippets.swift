import Attention
import Checkpoints

/// The code of README.md and of the documentation pages, compiled and run; `DocumentationTests` checks that what the pages
/// show is what stands here.
///
/// `print` writes into a text that the test compares with the output that the page shows.
enum Snippets {
  static func readme() throws -> String {
    var printed = ""
    func print(_ value: Any) { printed += "\(value)\n" }

    let x = try Tensor<Float>(rows: [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]).reshaped(to: [1, 1, 3, 3])
    let v = try Tensor<Float>(rows: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]).reshaped(to: [1, 1, 3, 3])  // [B, H, S, D]
    print(try scaledDotProductAttention(queries: x, keys: x, values: v))
    print(try scaledDotProductAttention(queries: x, keys: x, values: v, mask: .causal))

    let layer = try MultiHeadAttention<Float>(embeddingSize: 4, headCount: 2, seed: 1)
    let tokens = try Tensor<Float>(repeating: 0.5, shape: [2, 3, 4])  // [B, L, E]
    print(try layer(tokens).shape)
    return printed
  }

  static func landing(q: Tensor<Float>, k: Tensor<Float>, v: Tensor<Float>) throws -> [Int] {
    let y = try scaledDotProductAttention(queries: q, keys: k, values: v, mask: .causal)  // [B, H, L, Dv]
    return y.shape
  }

  static func explain() throws -> String {
    var printed = ""
    func print(_ value: Any) { printed += "\(value)\n" }

    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(heads: 12, queries: 1024, keys: 1024, headSize: 64), mask: .causal,
      options: AttentionOptions(workers: 2))
    print(plan.explain())
    return printed
  }

  static func scoreProgram(q: Tensor<Float>, k: Tensor<Float>, v: Tensor<Float>) throws -> Tensor<Float> {
    let slopes: [Float] = [0.5, 0.25]
    let y = try scaledDotProductAttention(
      queries: q, keys: k, values: v, mask: .causal & .pattern(.blockLocal(size: 4)),
      modifiers: AttentionModifiers(
        scoreProgram: ScoreProgram { score, batch, head, query, key in score - slopes[head] * Float(abs(query - key)) })
    )
    return y
  }

  static func explainPattern() throws -> String {
    var printed = ""
    func print(_ value: Any) { printed += "\(value)\n" }

    let longformer: MaskPattern = .window(left: 128, right: 128) | .globalTokens(16)
    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(heads: 12, queries: 65536, keys: 65536, headSize: 64), mask: .pattern(longformer),
      options: AttentionOptions(path: .tiled, workers: 2))
    print(plan.explain())
    return printed
  }

  static func predicate(x: Tensor<Float>) throws -> Tensor<Float> {
    let prefix = try MaskPattern.predicate(queries: 9, keys: 9) { batch, head, query, key in key <= query || key < 3 }
    let prefixed = try scaledDotProductAttention(queries: x, keys: x, values: x, mask: .pattern(prefix))
    return prefixed
  }

  static func scoreFunction(q: Tensor<Float>, k: Tensor<Float>, v: Tensor<Float>) throws -> Tensor<Float> {
    struct LinearBias: ScoreFunction {
      let slopes: [Float]
      func callAsFunction(_ score: Float, batch: Int, head: Int, query: Int, key: Int) -> Float {
        score - slopes[head] * Float(abs(query - key))
      }
    }
    let biased = try scaledDotProductAttention(
      queries: q, keys: k, values: v,
      modifiers: AttentionModifiers(scoreProgram: ScoreProgram(LinearBias(slopes: [0.5, 0.25]))))
    return biased
  }

  static func masks(padding: Tensor<Bool>) -> String {
    let mask = AttentionMask<Float>.causal & .keyLengths([7, 5]) & .keep(padding)
    return mask.description
  }

  static func ownMemory() throws -> [Float] {
    let (heads, length, headSize) = (2, 3, 4)
    let packed = [Float](repeating: 0.5, count: length * 3 * heads * headSize)  // rows of q | k | v
    let strides = HeadStrides.headsJoined(heads: heads, rows: length, headSize: headSize, rowSize: 3 * heads * headSize)
    var output = [Float](repeating: 0, count: length * heads * headSize)  // [L, H·D]

    let plan = try AttentionPlan<Float>(
      shape: AttentionShape(heads: heads, queries: length, keys: length, headSize: headSize))
    var workspace = try plan.makeWorkspace()
    var target = output.mutableSpan
    try plan.run(
      queries: packed.span, queryStrides: strides,
      keys: packed.span.extracting((heads * headSize)...), keyStrides: strides,
      values: packed.span.extracting((2 * heads * headSize)...), valueStrides: strides,
      into: &target, outputStrides: .headsJoined(heads: heads, rows: length, headSize: headSize),
      workspace: &workspace)
    return output
  }

  static func growingKeys() throws -> Tensor<Float> {
    let growing = try AttentionPlan<Float>(
      shape: AttentionShape(heads: 2, queries: 1, keys: 512, headSize: 4))
    var scratch = try growing.makeWorkspace()
    var row = try Tensor<Float>(zeros: [1, 2, 1, 4])
    for length in 1...3 {
      let past = try Tensor<Float>(repeating: 0.5, shape: [1, 2, length, 4])
      try growing.run(queries: row, keys: past, values: past, into: &row, workspace: &scratch)
    }
    return row
  }

  static func threads(q: Tensor<Float>, k: Tensor<Float>, v: Tensor<Float>) throws -> Tensor<Float> {
    let former = Workers.count
    defer { Workers.count = former }
    Workers.count = 2
    let y = try scaledDotProductAttention(queries: q, keys: k, values: v, workers: 1)
    return y
  }

  static func loading(path: String) throws -> MultiHeadAttention<Float> {
    let file = try SafetensorsFile(contentsOf: path)
    let prefix = "encoder.layer.0."
    var state: [String: Tensor<Float>] = [:]
    for name in file.names where name.hasPrefix(prefix) {
      state[name] = try file.tensor(name, convertedTo: Float.self)
    }
    let layer = try MultiHeadAttention<Float>(stateDict: state, prefix: prefix, names: .bert, headCount: 12)
    return layer
  }

  static func torchMasks(
    layer: MultiHeadAttention<Float>, x: Tensor<Float>, padding: Tensor<Bool>
  ) throws -> Tensor<Float> {
    let y = try layer(x, mask: .causal & .ignoring(torchKeyPaddingMask: padding))
    return y
  }

  static func wholeTorchLayer(
    state: [String: Tensor<Float>], x: Tensor<Float>, memory: Tensor<Float>, distances: Tensor<Float>,
    padding: Tensor<Bool>
  ) throws -> String {
    var printed = ""
    func print(_ values: Any...) { printed += values.map { "\($0)" }.joined(separator: " ") + "\n" }

    let decoder = try MultiHeadAttention<Float>(
      stateDict: state, headCount: 3, appendsZeroKey: true, axisOrder: .sequenceFirst)
    let result = try decoder(
      query: x, key: memory, value: memory,
      mask: .adding(torchAttentionMask: distances, headCount: 3) & .ignoring(torchKeyPaddingMask: padding),
      needsWeights: .averaged, options: AttentionOptions())
    print(result.output.shape, result.weights?.shape ?? [])
    return printed
  }

  static func keysOfItsOwn(row: Tensor<Float>) throws -> (MultiHeadAttention<Float>, MultiHeadAttention<Float>) {
    let fresh = try MultiHeadAttention<Float>(
      embeddingSize: 6, headCount: 3, appendsLearnedKey: true, appendsZeroKey: true, seed: 1)
    let given = try MultiHeadAttention(
      inputProjection: fresh.inputProjection, outputProjection: fresh.outputProjection, headCount: 3,
      appendedKeys: AppendedKeys(key: row, value: row))
    return (fresh, given)
  }

  static func tokens() throws -> (layer: MultiHeadAttention<Float>, output: Tensor<Float>, next: Tensor<Float>) {
    let embedding = try Embedding<Float>(vocabularySize: 100, embeddingSize: 6, paddingIndex: 0, seed: 1)
    let positions = try SinusoidalPositions<Float>(embeddingSize: 6)
    let attention = try MultiHeadAttention<Float>(embeddingSize: 6, headCount: 2, seed: 2)

    let tokens = try Tensor<Int>(rows: [[17, 4, 56], [9, 23, 0]])  // [B, L], filled up with 0
    let x = try positions(embedding(tokens))  // [B, L, E]
    let y = try attention(x, mask: .keyLengths([3, 2]))  // [B, L, E]

    let next = try positions(embedding(Tensor<Int>(rows: [[42]])), offset: 3)  // [1, 1, E], at position 3
    return (attention, y, next)
  }

  static func oneHot() throws -> (product: [Float], column: [Float], bias: [Float]?) {
    let affine = try Linear<Float>(inputSize: 3, outputSize: 5, seed: 1)  // W [5, 3], b [5]
    let product = try affine(Tensor<Float>([0, 1, 0], shape: [3]))  // W·x + b
    let columns = try Embedding(weight: affine.weight.transposed(0, 1))
    let column = try columns(Tensor<Int>([1], shape: []))  // the column of W alone
    return (product.elements, column.elements, affine.bias?.elements)
  }

  static func described(_ attention: MultiHeadAttention<Float>) -> String {
    var printed = ""
    func print(_ value: Any) { printed += "\(value)\n" }

    print(attention.describe())
    return printed
  }

  static func saved(_ attention: MultiHeadAttention<Float>, path: String) throws -> MultiHeadAttention<Float> {
    var writer = SafetensorsWriter()
    for parameter in attention.parameters { try writer.add(parameter.tensor, named: parameter.name) }
    try writer.write(to: path)

    let saved = try SafetensorsFile(contentsOf: path)
    var tensors: [String: Tensor<Float>] = [:]
    for name in saved.names { tensors[name] = try saved.tensor(name, convertedTo: Float.self) }
    var again = try MultiHeadAttention<Float>(embeddingSize: 6, headCount: 2, seed: 3)
    try again.load(stateDict: tensors)
    return again
  }

  static func rotary(
    queries: Tensor<Float>, keys: Tensor<Float>, values: Tensor<Float>, query: Tensor<Float>
  ) throws -> (output: Tensor<Float>, next: Tensor<Float>) {
    let rotary = try RotaryPositions<Float>(rotarySize: 4, base: 500_000)
    let (q, k) = (try rotary(queries), try rotary(keys))  // [B, H, L, D], rows at positions 0 ..< L
    let y = try scaledDotProductAttention(queries: q, keys: k, values: values, mask: .causal)

    let next = try rotary(query, at: .offset(3))  // [B, H, 1, D], the row at position 3
    return (y, next)
  }

  static func stretched() throws -> RotaryPositions<Float> {
    let long = try RotaryPositions<Float>(rotarySize: 4, scaling: .yarn(factor: 4, originalLength: 4096))
    return long
  }

  static func rotaryTables(
    x: Tensor<Float>, cosines: Tensor<Float>, sines: Tensor<Float>, positions: Tensor<Int>
  ) throws -> Tensor<Float> {
    let given = try RotaryPositions(cosines: cosines, sines: sines, pairing: .interleaved)  // cos_cache, sin_cache
    let rotated = try given(x, at: .given(positions), headCount: 2)  // X [B, L, H·D], position_ids [B, L]
    return rotated
  }

  static func alibi() throws -> String {
    var printed = ""
    func print(_ value: Any) { printed += "\(value)\n" }

    let alibi = AttentionMask<Float>.causal & .positionBias(.alibi(headCount: 2))
    print(alibi)

    let zeros = try Tensor<Float>(zeros: [1, 2, 3, 4])  // [B, H, L, D]
    let result = try scaledDotProductAttention(
      queries: zeros, keys: zeros, values: zeros, mask: alibi, options: AttentionOptions(details: [.maskedScores]))
    if let scores = result.details.maskedScores { print(scores) }
    return printed
  }

  static func buckets(
    queries: Tensor<Float>, keys: Tensor<Float>, values: Tensor<Float>, table: Tensor<Float>
  ) throws -> Tensor<Float> {
    let t5 = AttentionMask<Float>.positionBias(.buckets(table: table, isBidirectional: true))  // table [32, H]
    let z = try scaledDotProductAttention(queries: queries, keys: keys, values: values, mask: t5, scale: 1)
    return z
  }

  /// What each block of the page on the worked example prints.
  static func workedExample() throws -> [String] {
    var printed = [""]
    func print(_ values: Any...) {
      printed[printed.count - 1] += values.map { "\($0)" }.joined(separator: " ") + "\n"
    }

    let x = try Tensor<Double>(rows: [[1, 0, 0], [0, 1, 0], [0, 0, 1]])  // tokens [3, 3]
    let embedding = try Linear(
      weight: Tensor<Double>(rows: [[0, 0.3, 0.6], [0.1, 0.4, 0.7], [0.2, 0.5, 0.8]]),  // W [3, 3]
      bias: Tensor([0.1, 0.1, 0.1], shape: [3]))  // b [3]
    let embedded = try embedding(x)  // x′ [3, 3]
    print("x′ = x·Wᵀ + b", embedded.shape)
    print(embedded)
    printed.append("")

    let queries = try embedded.reshaped(to: [1, 1, 3, 3])  // Q = x′ [B, H, L, D]
    let keys = queries  // K = x′
    let values = try x.reshaped(to: [1, 1, 3, 3])  // V = x
    let oneHead = try scaledDotProductAttention(
      queries: queries, keys: keys, values: values, options: AttentionOptions(details: [.rawScores, .weights]))
    if let scores = oneHead.details.rawScores, let weights = oneHead.weights {
      print("S = Q·Kᵀ / √3", scores.shape)
      print(try scores.reshaped(to: [3, 3]))
      print("A = softmax(S)", weights.shape)
      print(try weights.reshaped(to: [3, 3]))
    }
    print("Y = A·V", oneHead.output.shape)
    print(try oneHead.output.reshaped(to: [3, 3]))
    printed.append("")

    let threeHeads = try scaledDotProductAttention(
      queries: embedded.insertingAxis(0).splittingHeads(3),  // [1, 3, 3] → [1, 3, 3, 1]
      keys: embedded.insertingAxis(0).splittingHeads(3), values: x.insertingAxis(0).splittingHeads(3),
      options: AttentionOptions(details: [.rawScores, .weights]))
    if let scores = threeHeads.details.rawScores, let weights = threeHeads.weights {
      print("S of each head = Q·Kᵀ / √1", scores.shape)
      print(try scores.selecting(axis: 0, 0))  // [H, L, S]
      print("A of each head = softmax(S)", weights.shape)
      print(try weights.selecting(axis: 0, 0))
    }
    let joined = try threeHeads.output.mergingHeads()  // [B, H, L, Dv] → [B, L, H·Dv]
    print("Y = the heads' A·V side by side", joined.shape)
    print(try joined.selecting(axis: 0, 0))
    printed.append("")

    var random = Xoshiro256(seed: 1)
    let query: Tensor<Double> = try Initialization.normal([2, 3, 4], using: &random)  // [batch, length, d_model]
    let key: Tensor<Double> = try Initialization.normal([2, 3, 4], using: &random)
    let value: Tensor<Double> = try Initialization.normal([2, 3, 4], using: &random)
    let module = try MultiHeadAttention(
      inputProjection: .separate(
        query: Linear<Double>(inputSize: 4, outputSize: 4, seed: 2),
        key: Linear<Double>(inputSize: 4, outputSize: 4, seed: 3),
        value: Linear<Double>(inputSize: 4, outputSize: 4, seed: 4)),
      outputProjection: Linear<Double>(inputSize: 4, outputSize: 4, seed: 5), headCount: 2)
    let output = try module(query: query, key: key, value: value)
    print("output", output.shape)
    print(output)
    return printed
  }

  /// What the page on linear attention prints, and the state after its loop.
  static func linear() throws -> (printed: String, latest: Tensor<Float>, state: Tensor<Float>) {
    var printed = ""
    func print(_ value: Any) { printed += "\(value)\n" }

    let k = try Tensor<Float>(rows: [[1, 0], [0, 1], [1, 0]]).reshaped(to: [1, 1, 3, 2])  // [B, G, L, D]
    let v = try Tensor<Float>(rows: [[1, 2], [3, 4], [5, 6]]).reshaped(to: [1, 1, 3, 2])  // [B, G, L, Dv]
    let beta = try Tensor<Float>(repeating: 1, shape: [1, 1, 3])  // [B, G, L]

    let sums = try linearAttention(queries: k, keys: k, values: v, rule: .linear, scale: 1)
    let latest = try linearAttention(queries: k, keys: k, values: v, rule: .delta, beta: beta, scale: 1)
    print(sums.output)
    print(latest.output)

    var state = try LinearAttentionState<Float>(headSize: 2, valueHeadSize: 2)
    for token in 0..<3 {
      let row = token..<(token + 1)
      let y = try linearAttention(
        queries: k.sliced(axis: 2, row), keys: k.sliced(axis: 2, row), values: v.sliced(axis: 2, row),
        rule: .delta, beta: beta.sliced(axis: 2, row), updating: &state)
      print(y.shape)
    }
    return (printed, latest.state.tensor, state.tensor)
  }

  /// What each block of the page on looking inside prints.
  static func lookingInside() throws -> [String] {
    var printed = [""]
    func print(_ values: Any...) {
      printed[printed.count - 1] += values.map { "\($0)" }.joined(separator: " ") + "\n"
    }

    let x = try Tensor<Float>(rows: [[1, 0], [0, 1], [1, 1], [2, 0]]).reshaped(to: [1, 1, 4, 2])  // [B, H, L, D]
    let insight = try inspectAttention(
      AttentionInspection([.entropy, .maximum, .keyTotals], topKeys: 2), queries: x, keys: x, mask: .causal)
    if let entropy = insight.entropy, let key = insight.maximumKey, let weight = insight.maximumWeight {
      print(entropy)  // [B, H, L]
      print(key, weight)  // [B, H, L] each
    }
    if let keys = insight.topKeys, let weights = insight.topWeights, let totals = insight.keyTotals {
      print(keys)  // [B, H, L, k]
      print(weights)
      print(totals)  // [B, H, S]
    }
    printed.append("")

    let lastRow = AttentionInspection(weights: WeightSelection(heads: [0], queries: [3]))
    if let row = try inspectAttention(lastRow, queries: x, keys: x, mask: .causal).weights {
      print(row)  // [B, 1, 1, S]
    }
    printed.append("")

    let plan = try AttentionPlan<Float>(shape: AttentionShape(queries: 4, keys: 4, headSize: 2), mask: .causal)
    let (output, seen) = try plan.inspect(AttentionInspection(.entropy), queries: x, keys: x, values: x)
    if let entropy = seen.entropy { print(output.shape, entropy.shape) }
    printed.append("")

    let layer = try MultiHeadAttention<Float>(embeddingSize: 2, headCount: 1, seed: 1)
    let tokens = try x.reshaped(to: [1, 4, 2])  // [B, L, E]
    let ofLayer = try layer.inspect(AttentionInspection(.keyTotals), tokens, mask: .causal)

    var cache = try layer.makeCache(capacity: 8)
    _ = try layer(tokens, appendingTo: &cache, mask: .causal)
    let overCache = try layer.inspect(
      AttentionInspection(.keyTotals), tokens, borrowing: cache, mask: .causal)
    if let totals = ofLayer.keyTotals, let same = overCache.keyTotals { print(totals.shape, same.shape) }
    return printed
  }

  static func articleModule(state: [String: Tensor<Double>]) throws -> MultiHeadAttention<Double> {
    let module = try MultiHeadAttention(stateDict: state, names: .article, headCount: 2)
    return module
  }

  /// What each block of the page on caches prints, and the outputs of the first one with the cache.
  static func caches(
    q: Tensor<Float>, k: Tensor<Float>, v: Tensor<Float>
  ) throws -> (printed: [String], outputs: [Tensor<Float>], again: Tensor<Float>, last: Tensor<Float>) {
    var printed: [String] = []
    func print(_ values: Any...) { printed.append(values.map { "\($0)" }.joined(separator: " ") + "\n") }
    let keyRow = try k.sliced(axis: 2, 0..<1)
    let row = try q.sliced(axis: 2, 0..<1).broadcast(to: [3, 4, 1, 4])
    let beamKeys = try keyRow.broadcast(to: [3, 2, 1, 4])
    let beamValues = beamKeys
    let padded = try k.sliced(axis: 2, 0..<5).broadcast(to: [3, 2, 5, 4])

    var cache = try KeyValueCache<Float>(keyValueHeads: 2, headSize: 4, capacity: 64)
    var outputs: [Tensor<Float>] = []
    for piece in [0..<5, 5..<6, 6..<7] {  // a prompt of five, then position by position
      outputs.append(
        try scaledDotProductAttention(
          queries: q.sliced(axis: 2, piece), keys: k.sliced(axis: 2, piece), values: v.sliced(axis: 2, piece),
          appendingTo: &cache, mask: .causal))
    }
    print(cache.lengths, outputs.map(\.shape))

    let again = try scaledDotProductAttention(queries: q.sliced(axis: 2, 6..<7), cache: cache)

    try cache.reserveCapacity()
    let plan = try AttentionPlan(cache: cache, heads: 4, queries: 1)
    var workspace = try plan.makeWorkspace()
    var output = try Tensor<Float>(zeros: [1, 4, 1, 4])
    for position in 7..<10 {
      let row = position..<(position + 1)
      try plan.run(
        queries: q.sliced(axis: 2, row), keys: k.sliced(axis: 2, row), values: v.sliced(axis: 2, row),
        appendingTo: &cache, into: &output, workspace: &workspace)
    }

    let prompt = cache
    try cache.truncate(to: 7)  // as if the last three had not been
    try cache.reorder([0, 0, 0])  // three beams with a prefix in common
    try cache.append(keys: beamKeys, values: beamValues)  // [3, 2, 1, 4]: a row for each
    try cache.reorder([2, 2, 0])  // the second best is a continuation of the third beam, too
    print(prompt.lengths, cache.lengths)

    var ragged = try KeyValueCache<Float>(batch: 3, keyValueHeads: 2, headSize: 4, capacity: 64)
    try ragged.append(keys: padded, values: padded, lengths: [5, 2, 4])  // [3, 2, 5, 4]
    let next = try scaledDotProductAttention(
      queries: row, keys: beamKeys, values: beamValues, appendingTo: &ragged, lengths: [1, 1, 0])
    print(ragged.lengths, ragged.pastLengths, next.shape)

    var sliding = try KeyValueCache<Float>(keyValueHeads: 2, headSize: 4, capacity: 1 << 20, window: 16)
    for _ in 0..<1000 { try sliding.append(keys: keyRow, values: keyRow) }  // [1, 2, 1, 4]
    print(sliding.heldPositions(batch: 0), sliding)

    var half = try KeyValueCache<Float>(keyValueHeads: 2, headSize: 4, capacity: 64, element: .float16)
    try half.append(keys: k.sliced(axis: 2, 0..<7), values: v.sliced(axis: 2, 0..<7))
    print(half)
    return (printed, outputs, again, output)
  }

  /// What the page on caches prints of a layer, the layer, and its last output.
  static func layerCaches(
    x: Tensor<Float>
  ) throws -> (printed: String, layer: MultiHeadAttention<Float>, borrowed: Tensor<Float>, last: Tensor<Float>) {
    var printed = ""
    func print(_ values: Any...) { printed += values.map { "\($0)" }.joined(separator: " ") + "\n" }

    let layer = try MultiHeadAttention<Float>(embeddingSize: 8, headCount: 2, seed: 1)
    var past = try layer.makeCache(capacity: 64)
    let read = try layer(x.sliced(axis: 1, 0..<5), appendingTo: &past, mask: .causal)  // a prompt [1, 5, E]
    let next = try layer(x.sliced(axis: 1, 5..<6), appendingTo: &past)  // a token [1, 1, E]
    print(read.output.shape, next.output.shape, past.lengths)

    let other = try MultiHeadAttention<Float>(embeddingSize: 8, headCount: 2, seed: 2)
    let borrowed = try other(x.sliced(axis: 1, 5..<6), borrowing: past)

    let steps = try layer.plan(cache: past, queries: 1)
    var memory = try steps.makeWorkspace()
    var output = try Tensor<Float>(zeros: [1, 1, 8])
    for position in 6..<10 {
      try steps.run(
        x.sliced(axis: 1, position..<(position + 1)), appendingTo: &past, into: &output, workspace: &memory)
    }
    return (printed, layer, borrowed.output, output)
  }

  static func rotaryLayer(
    tokens: Tensor<Float>, token: Tensor<Float>
  ) throws -> (layer: MultiHeadAttention<Float>, prompt: Tensor<Float>, following: Tensor<Float>) {
    var layer = try MultiHeadAttention<Float>(embeddingSize: 8, headCount: 2, seed: 1)
    layer.rotaryPositions = try RotaryPositions(rotarySize: 4)  // all of a head of 8 / 2
    var cache = try layer.makeCache(capacity: 64)
    let prompt = try layer(tokens, appendingTo: &cache, mask: .causal)  // [B, L, E], at positions 0 ..< L
    let following = try layer(token, appendingTo: &cache)  // [B, 1, E], at position L
    return (layer, prompt.output, following.output)
  }

  /// What the page on sinks, dropout and packed sequences prints, block by block.
  static func sinksDropoutPacked(
    rows: Tensor<Float>, memoryRows: Tensor<Float>
  ) throws -> (printed: [String], packed: Tensor<Float>, crossed: Tensor<Float>) {
    var printed: [String] = []
    func print(_ values: Any...) { printed.append(values.map { "\($0)" }.joined(separator: " ") + "\n") }

    let result = try scaledDotProductAttention(
      queries: Tensor<Float>(zeros: [1, 1, 1, 2]), keys: Tensor(zeros: [1, 1, 2, 2]),
      values: Tensor(rows: [[3, 0], [0, 6]]).reshaped(to: [1, 1, 2, 2]), modifiers: AttentionModifiers(sinks: [0]),
      options: AttentionOptions(details: [.weights, .logSumExp]))
    if let weights = result.weights, let logSumExp = result.logSumExp {
      print(weights, result.output, logSumExp)
    }

    let zeros = try Tensor<Float>(zeros: [1, 1, 2, 4])  // [B, H, L, D]
    let keys = try Tensor<Float>(zeros: [1, 1, 8, 4])  // [B, H, S, D]
    let dropped = try scaledDotProductAttention(
      queries: zeros, keys: keys, values: keys,
      modifiers: AttentionModifiers(dropout: AttentionDropout(probability: 0.5, seed: 3)),
      options: AttentionOptions(details: [.weights]))
    if let weights = dropped.weights { print(weights) }

    let sequences = try PackedSequences(lengths: [3, 0, 2])
    let packed = try scaledDotProductAttention(
      queries: rows, keys: rows, values: rows, sequences: sequences, mask: .causal)  // [T, H, Dv]
    print(sequences.offsets, packed.output.shape)

    let memory = try PackedSequences(lengths: [4, 1, 2])
    let crossed = try scaledDotProductAttention(
      queries: rows, keys: memoryRows, values: memoryRows, sequences: sequences, keySequences: memory, mask: .causal,
      options: AttentionOptions(alignment: .end))
    return (printed, packed.output, crossed.output)
  }

  static func trainingSteps(layer: MultiHeadAttention<Float>, x: Tensor<Float>) throws -> Tensor<Float> {
    var plan = try layer.plan(
      batch: 2, queries: 3, modifiers: AttentionModifiers(dropout: AttentionDropout(probability: 0.1, seed: 0)))
    var workspace = try plan.makeWorkspace()
    var y = try Tensor<Float>(zeros: [2, 3, 8])  // [B, L, E]
    for step in 0..<3 {
      plan.modifiers.dropout?.seed = UInt64(step)
      try plan.run(query: x, key: x, value: x, into: &y, workspace: &workspace)
    }
    return y
  }
}
