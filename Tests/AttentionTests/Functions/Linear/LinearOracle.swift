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
