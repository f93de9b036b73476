/// A multi-head self-attention layer in Double by loops.
struct DoubleLayerOracle: Sendable {
  let layer: LayerCase
  let parameters: LayerParameters
  var cached = CachedRows.none

  /// Rows of the output [rows, E] of an input [B, L, E], by their number b·L + i.
  func rows(_ rows: [Int], of input: [Float], workers: Int) -> [Double] {
    let (e, d) = (layer.embeddingSize, layer.embeddingSize / layer.heads)
    let weight = parameters.inputWeight.map(Double.init)
    let bias = parameters.inputBias.map(Double.init)
    let packed = Self.product(
      input.map(Double.init), weight, bias, size: e, outputs: 3 * e, workers: workers)
    func heads(_ part: Int, after held: [Float], count: Int, _ place: (Int, Int) -> Int) -> [Double] {
      var result = layer.makeRoom(for: held.map(Double.init), count: count)
      for row in 0..<(layer.batch * layer.length) {
        for column in 0..<e {
          result[place(row, column)] = packed[row * 3 * e + part * e + column]
        }
      }
      return result
    }
    let headRows = rows.flatMap { row in
      (0..<layer.heads).map { layer.placeInHeads(row: row, column: $0 * d) / d }
    }
    let joined = DoubleOracle(problem: layer.attention).rows(
      headRows, queries: heads(0, after: [], count: layer.length, layer.placeInHeads),
      keys: heads(1, after: cached.keys, count: layer.keys, layer.placeAmongKeys),
      values: heads(2, after: cached.values, count: layer.keys, layer.placeAmongKeys), workers: workers)
    return Self.product(
      joined, parameters.outputWeight.map(Double.init), parameters.outputBias.map(Double.init), size: e, outputs: e,
      workers: workers)
  }

  /// x·Wᵀ + b of x [rows, size], W [outputs, size] and b [outputs].
  private static func product(
    _ x: [Double], _ weight: [Double], _ bias: [Double], size: Int, outputs: Int, workers: Int
  ) -> [Double] {
    DoubleOracle.fillRows(x.count / size, of: outputs, workers: workers) { row, output in
      x.withUnsafeBufferPointer { x in
        weight.withUnsafeBufferPointer { weight in
          let input = UnsafeBufferPointer(rebasing: x[(row * size)..<((row + 1) * size)])
          for out in 0..<outputs {
            let coefficients = UnsafeBufferPointer(rebasing: weight[(out * size)..<((out + 1) * size)])
            output[out] = bias[out] + DoubleOracle.dot(input, coefficients)
          }
        }
      }
    }
  }
}
