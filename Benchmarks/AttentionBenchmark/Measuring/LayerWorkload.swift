internal import Attention

/// A multi-head self-attention layer with its parameters and input, and with what its cache holds.
struct LayerWorkload: Workload {
  let layer: LayerCase
  let parameters: LayerParameters
  /// [B, L, E]
  let input: [Float]
  var cached = CachedRows.none
  /// The output [B, L, E] as somebody else computed it, to be checked against in place of the oracle.
  private var published: [Double]?

  /// Parameters and input drawn at random.
  init(_ layer: LayerCase, seed: UInt64) throws(AttentionError) {
    self.layer = layer
    var numbers = Xoshiro256(seed: seed, stream: layer.name)
    parameters = try LayerParameters(layer, numbers: &numbers)
    input = try numbers.normal(layer.batch * layer.length * layer.embeddingSize)
    if layer.cachedKeys > 0 { cached = try CachedRows(layer, numbers: &numbers) }
  }

  /// The sentence model's layer on texts of the lengths of `layer`, made of the sentence again and again.
  init(_ layer: LayerCase, repeating file: MiniLMFile) {
    self.layer = layer
    parameters = file.parameters
    input = (0..<(layer.batch * layer.length * layer.embeddingSize)).map { file.hidden[$0 % file.hidden.count] }
  }

  /// The sentence model's layer on the sentence, with what PyTorch makes of it.
  init(_ file: MiniLMFile) {
    layer = file.sentence
    parameters = file.parameters
    input = file.hidden
    published = file.expected
  }

  var labels: CaseLabels {
    CaseLabels(
      name: layer.name, batch: layer.batch, heads: layer.heads, keyValueHeads: layer.heads, queries: layer.length,
      keys: layer.keys, headSize: layer.embeddingSize / layer.heads, isCausal: false)
  }

  func tensors() throws -> [(name: String, tensor: Tensor<Float>)] {
    let e = layer.embeddingSize
    let own = [
      ("input", try Tensor(input, shape: outputShape)),
      ("in_proj_weight", try Tensor(parameters.inputWeight, shape: [3 * e, e])),
      ("in_proj_bias", try Tensor(parameters.inputBias, shape: [3 * e])),
      ("out_proj.weight", try Tensor(parameters.outputWeight, shape: [e, e])),
      ("out_proj.bias", try Tensor(parameters.outputBias, shape: [e])),
    ]
    guard layer.cachedKeys > 0 else { return own }
    let shape = CachedRows.shape(layer)
    return own + [
      ("cached_keys", try Tensor(cached.keys, shape: shape)),
      ("cached_values", try Tensor(cached.values, shape: shape)),
    ]
  }

  var outputShape: [Int] { [layer.batch, layer.length, layer.embeddingSize] }
  var usefulOperations: Double { layer.usefulOperations }
  var rowCount: Int { layer.batch * layer.length }
  var rowSize: Int { layer.embeddingSize }

  /// Queries, keys and values of all rows are projected, whatever rows are asked for.
  func operations(ofRows rows: [Int]) -> Double {
    let e = Double(layer.embeddingSize)
    return 6 * Double(rowCount) * e * e + Double(rows.count) * (2 * e * e + 4 * Double(layer.keys) * e)
  }

  func naiveRows(_ rows: [Int]) -> [Float] {
    NaiveLayer(layer: layer, parameters: parameters, cached: cached).rows(rows, of: input)
  }

  func exactRows(_ rows: [Int], workers: Int) -> [Double] {
    if let published {
      return rows.flatMap { published[($0 * rowSize)..<(($0 + 1) * rowSize)] }
    }
    return DoubleLayerOracle(layer: layer, parameters: parameters, cached: cached).rows(
      rows, of: input, workers: workers)
  }

  func naive() -> any Contender {
    let (kernel, input) = (NaiveLayer(layer: layer, parameters: parameters, cached: cached), input)
    // Queries, keys, values, heads and joined heads, and a row of scores.
    let scratch = 3 * input.count + 2 * layer.batch * layer.keys * layer.embeddingSize + layer.keys
    return LoopRun(path: "naive", outputCount: input.count, scratchCount: scratch) { output in
      kernel(input, into: &output)
    }
  }

  func contender(_ path: BenchmarkPath, threads: Int) throws -> (any Contender)? {
    // What a layer projects by BLAS has no such promise.
    guard path != .reproducible, let planned = path.planned else { return nil }
    return layer.cachedKeys == 0
      ? try LayerRun(self, planned, threads: threads) : try CachedLayerRun(self, planned, threads: threads)
  }

  func stages(threads: Int) throws -> LayerStages? {
    layer.cachedKeys == 0 ? try LayerStages(self, threads: threads) : nil
  }

  func index(row: Int, column: Int) -> [Int] {
    [row / layer.length, row % layer.length, column]
  }
}
