/// Multi-head self-attention without BLAS: three projections, ``NaiveAttention``, and the output projection, in plain loops on
/// one thread.
///
/// - SeeAlso: Vaswani et al. (2017), "Attention is all you need", section 3.2.2.
struct NaiveLayer: Sendable {
  let layer: LayerCase
  let parameters: LayerParameters
  var cached = CachedRows.none

  /// The whole output [B, L, E] of an input [B, L, E].
  func callAsFunction(_ input: [Float], into output: inout [Float]) {
    let (rowCount, e) = (layer.batch * layer.length, layer.embeddingSize)
    let (queries, keys, values) = projections(of: input)
    var heads = [Float](repeating: 0, count: rowCount * e)
    NaiveAttention(problem: layer.attention)(queries: queries, keys: keys, values: values, into: &heads)
    var joined = [Float](repeating: 0, count: rowCount * e)
    for row in 0..<rowCount {
      for column in 0..<e { joined[row * e + column] = heads[place(row: row, column: column)] }
    }
    for row in 0..<rowCount {
      for out in 0..<e {
        output[row * e + out] =
          parameters.outputBias[out] + dot(joined, row * e, parameters.outputWeight, out * e, e)
      }
    }
  }

  /// Some rows of the output [rows, E], by their number b·L + i. All keys and values are computed for them.
  func rows(_ rows: [Int], of input: [Float]) -> [Float] {
    let (e, d) = (layer.embeddingSize, layer.embeddingSize / layer.heads)
    let (queries, keys, values) = projections(of: input)
    let headRows = rows.flatMap { row in (0..<layer.heads).map { place(row: row, column: $0 * d) / d } }
    // [rows, H, D] is [rows, E]: joined.
    let joined = NaiveAttention(problem: layer.attention).rows(
      headRows, queries: queries, keys: keys, values: values)
    var output = [Float](repeating: 0, count: rows.count * e)
    for row in rows.indices {
      for out in 0..<e {
        output[row * e + out] =
          parameters.outputBias[out] + dot(joined, row * e, parameters.outputWeight, out * e, e)
      }
    }
    return output
  }

  /// Queries [B, H, L, D], and keys and values [B, H, S, D] with the cached ones, of an input [B, L, E].
  private func projections(of input: [Float]) -> (queries: [Float], keys: [Float], values: [Float]) {
    let (rowCount, e) = (layer.batch * layer.length, layer.embeddingSize)
    func projection(_ part: Int, after held: [Float], count: Int, _ place: (Int, Int) -> Int) -> [Float] {
      var result = layer.makeRoom(for: held, count: count)
      for row in 0..<rowCount {
        for column in 0..<e {
          let out = part * e + column
          result[place(row, column)] =
            parameters.inputBias[out] + dot(input, row * e, parameters.inputWeight, out * e, e)
        }
      }
      return result
    }
    return (
      projection(0, after: [], count: layer.length, layer.placeInHeads),
      projection(1, after: cached.keys, count: layer.keys, layer.placeAmongKeys),
      projection(2, after: cached.values, count: layer.keys, layer.placeAmongKeys)
    )
  }

  /// Where an element of [B, L, E] stands in [B, H, L, D].
  private func place(row: Int, column: Int) -> Int {
    layer.placeInHeads(row: row, column: column)
  }

  /// The product of a row of one matrix and a row of another.
  private func dot(_ x: [Float], _ firstX: Int, _ y: [Float], _ firstY: Int, _ count: Int) -> Float {
    x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        var sum: Float = 0
        for e in 0..<count { sum += x[firstX + e] * y[firstY + e] }
        return sum
      }
    }
  }
}
