import Glibc
import Support

/// Linear attention from its definition, in Double, on plain arrays, sharing nothing with the package.
///
/// For every token: S ← e^g·S, u = v or β·(v − Sᵀk), S ← S + k·uᵀ, o = scale·Sᵀq (ONNX LinearAttention, opset 27).
struct LinearOracle {
  var batch = 1  // B
  var heads = 1  // H
  var keyValueHeads = 1  // G
  var length = 1  // L
  var headSize = 1  // D
  var valueHeadSize = 1  // Dv
  var queries: [Double] = []  // [B, H, L, D]
  var keys: [Double] = []  // [B, G, L, D]
  var values: [Double] = []  // [B, G, L, Dv]
  /// g [B, G, L, D]; nil: 0.
  var decay: [Double]?
  /// β [B, G, L]; nil: u = v.
  var beta: [Double]?
  /// [B, G, D, Dv]; nil: zeros.
  var state: [Double]?
  /// nil: 1/√D.
  var scale: Double?

  struct Answer {
    var output: [Double]  // [B, H, L, Dv]
    var state: [Double]  // [B, G, D, Dv]
  }

  /// - Parameter arithmetic: `.float`: every result of an operation is rounded to Float.
  func solve(_ arithmetic: AttentionOracle.Arithmetic = .double) -> Answer {
    let round: (Double) -> Double = arithmetic == .float ? { Double(Float($0)) } : { $0 }
    let (d, dv) = (headSize, valueHeadSize)
    let factor = round(scale ?? (d == 0 ? 1 : 1 / Double(d).squareRoot()))
    var answer = Answer(
      output: [Double](repeating: 0, count: batch * heads * length * dv),
      state: state ?? [Double](repeating: 0, count: batch * keyValueHeads * d * dv))
    var written = [Double](repeating: 0, count: dv)
    for pair in 0..<(batch * keyValueHeads) {
      let group = heads / keyValueHeads
      for token in 0..<length {
        let row = pair * length + token
        if let decay {
          for e in 0..<d {
            let kept = round(exp(decay[row * d + e]))
            for m in 0..<dv {
              answer.state[(pair * d + e) * dv + m] = round(answer.state[(pair * d + e) * dv + m] * kept)
            }
          }
        }
        for m in 0..<dv {
          written[m] = values[row * dv + m]
          guard let beta else { continue }
          var known = 0.0
          for e in 0..<d { known = round(known + round(keys[row * d + e] * answer.state[(pair * d + e) * dv + m])) }
          written[m] = round(beta[row] * round(written[m] - known))
        }
        for e in 0..<d {
          let key = keys[row * d + e]
          for m in 0..<dv {
            let place = (pair * d + e) * dv + m
            answer.state[place] = round(answer.state[place] + round(key * written[m]))
          }
        }
        for head in 0..<group {
          // B and H, or B and G, are one axis here: query heads of a key/value head stand side by side.
          let queryRow = (pair * group + head) * length + token
          for m in 0..<dv {
            var sum = 0.0
            for e in 0..<d {
              sum = round(sum + round(queries[queryRow * d + e] * answer.state[(pair * d + e) * dv + m]))
            }
            answer.output[queryRow * dv + m] = round(factor * sum)
          }
        }
      }
    }
    return answer
  }
}

extension LinearOracle {
  /// The same as a sum over tokens rather than a state: uᵢ = vᵢ, or βᵢ·(vᵢ − Sᵀ(Pᵢ∘kᵢ) − Σ j<i (kᵢ·(Γᵢⱼ∘kⱼ))·uⱼ), and
  /// oᵢ = scale·(Sᵀ(Pᵢ∘qᵢ) + Σ j≤i (qᵢ·(Γᵢⱼ∘kⱼ))·uⱼ), S being the first state, P the decay since then, Γᵢⱼ that since token j.
  ///
  /// In Float it is off where this way is off, which is that of a single chunk: the longer the sum, the more of it cancels.
  func solvedAsSums(_ arithmetic: AttentionOracle.Arithmetic = .double) -> Answer {
    let round: (Double) -> Double = arithmetic == .float ? { Double(Float($0)) } : { $0 }
    let (d, dv, group) = (headSize, valueHeadSize, heads / keyValueHeads)
    let factor = round(scale ?? (d == 0 ? 1 : 1 / Double(d).squareRoot()))
    var answer = Answer(
      output: [Double](repeating: 0, count: batch * heads * length * dv),
      state: [Double](repeating: 0, count: batch * keyValueHeads * d * dv))
    for pair in 0..<(batch * keyValueHeads) {
      // What multiplies a row of the first state, or a token's u: each a vector [D] that decays.
      var vectors = [Double](repeating: 0, count: d * d)
      var rows = [Double](repeating: 0, count: d * dv)
      for e in 0..<d {
        vectors[e * d + e] = 1
        for m in 0..<dv { rows[e * dv + m] = state?[(pair * d + e) * dv + m] ?? 0 }
      }
      func read(_ vector: ArraySlice<Double>) -> [Double] {
        Self.sum(of: rows, weighted: vectors, against: vector, size: d, count: dv, inFloat: arithmetic == .float)
      }
      for token in 0..<length {
        let row = pair * length + token
        if let decay {
          let kept = (0..<d).map { round(exp(decay[row * d + $0])) }
          for index in vectors.indices { vectors[index] = round(vectors[index] * kept[index % d]) }
        }
        let key = keys[(row * d)..<((row + 1) * d)]
        var written = Array(values[(row * dv)..<((row + 1) * dv)])
        if let beta {
          let known = read(key)
          for m in 0..<dv { written[m] = round(beta[row] * round(written[m] - known[m])) }
        }
        vectors += key
        rows += written
        for head in 0..<group {
          let queryRow = (pair * group + head) * length + token
          let sums = read(queries[(queryRow * d)..<((queryRow + 1) * d)])
          for m in 0..<dv { answer.output[queryRow * dv + m] = round(factor * sums[m]) }
        }
      }
      for e in 0..<d {
        for m in 0..<dv {
          var sum = 0.0
          for index in 0..<(vectors.count / d) {
            sum = round(sum + round(vectors[index * d + e] * rows[index * dv + m]))
          }
          answer.state[(pair * d + e) * dv + m] = sum
        }
      }
    }
    return answer
  }

  /// Σ (vector·vectorᵢ)·rowᵢ, over raw pointers and with `while`: tests are built without optimisation, where the rest costs ten times the
  /// arithmetic.
  private static func sum(
    of rows: [Double], weighted vectors: [Double], against vector: ArraySlice<Double>, size: Int, count: Int,
    inFloat: Bool
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    sums.withUnsafeMutableBufferPointer { sums in
      rows.withUnsafeBufferPointer { rows in
        vectors.withUnsafeBufferPointer { vectors in
          vector.withUnsafeBufferPointer { vector in
            var index = 0
            while (index + 1) * size <= vectors.count {
              var weight = 0.0
              var e = 0
              while e < size {
                let product = vector[e] * vectors[index * size + e]
                weight = inFloat ? Double(Float(weight + Double(Float(product)))) : weight + product
                e += 1
              }
              var m = 0
              while m < count {
                let product = weight * rows[index * count + m]
                sums[m] = inFloat ? Double(Float(sums[m] + Double(Float(product)))) : sums[m] + product
                m += 1
              }
              index += 1
            }
          }
        }
      }
    }
    return sums
  }
}
