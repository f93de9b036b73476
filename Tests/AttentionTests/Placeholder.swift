import Attention
import Support
import Testing

@Test func smoke() throws {
  var state: UInt32 = 1
  func next() -> Float {
    state = state &* 1_664_525 &+ 1_013_904_223
    return Float(Int32(bitPattern: state) >> 8) / Float(1 << 23)
  }
  func random(_ s: [Int]) throws -> Tensor<Float> { try Tensor((0..<s.reduce(1, *)).map { _ in next() }, shape: s) }
  for (l, s, d, h, g) in [(5, 7, 3, 6, 2), (1, 70, 64, 8, 2), (30, 30, 17, 2, 1)] {
    let q = try random([2, h, l, d])
    let k = try random([2, g, s, d])
    let v = try random([2, g, s, d + 2])
    for mask in [
      AttentionMask<Float>.none, .causal, .causal & .keyLengths([s / 2, s]), .window(left: 3, right: 2),
      .bias(try random([l, s])), .causal & .keep(try random([2, 1, 1, s]).map { $0 > 0 }),
    ] {
      var results: [AttentionResult<Float>] = []
      for details in [
        AttentionDetailSet.logSumExp, [.logSumExp, .weights, .maskedScores],
        [.weights, .logSumExp, .rawScores, .cappedScores],
      ] {
        for path in [AttentionPath.reference, .blas, .tiled] {
          results.append(
            try scaledDotProductAttention(
              queries: q, keys: k, values: v, mask: mask,
              options: AttentionOptions(softcap: 2, alignment: .end, details: details, path: path)))
          func diff(_ a: Tensor<Float>?, _ b: Tensor<Float>?) -> Float {
            guard let a, let b else { return a == nil ? 0 : 99 }
            return zip(a.elements, b.elements).map { $0 == $1 ? 0 : abs($0 - $1) }.max() ?? 0
          }
          let e = diff(results.last!.output, results[0].output)
          let last = results.count % 3 == 0 ? 2 : results.count % 3 - 1
          let ref = results[results.count - 1 - last]
          let cur = results.last!
          let w = diff(cur.weights, ref.weights)
          let ls = diff(cur.logSumExp, ref.logSumExp)
          let st = max(
            diff(cur.details.rawScores, ref.details.rawScores),
            diff(cur.details.cappedScores, ref.details.cappedScores),
            diff(cur.details.maskedScores, ref.details.maskedScores))
          if !(e < 2e-6 && w < 2e-6 && ls < 1e-5 && st < 1e-5) {
            print("DIFF", l, s, mask.description, path, details.rawValue, e, w, ls, st)
          }
          #expect(e < 2e-6 && w < 2e-6 && ls < 1e-5 && st < 1e-5)
        }
      }
    }
  }
}
