import Attention
import Support
import Testing

/// The tiled path cuts tiles along a causal edge into bands of 64 queries, their columns at multiples of 16; the BLAS path
/// does not, and is held to the oracle elsewhere.
@Suite("Bands along a causal edge")
struct ScoreBlockBandsTests {
  @Test(
    "Tiled equals BLAS around the edges of bands, columns and blocks",
    arguments: [15, 16, 17, 63, 64, 65, 127, 128, 129, 191, 192, 193, 257],
    [QueryAlignment.start, .end, .offset(-17), .offset(-70), .offset(3), .offset(16), .offset(530)])
  func equalsWholeRows(queries: Int, alignment: QueryAlignment) throws {
    let (keys, d, dv) = (601, 3, 5)
    var numbers = SeededGenerator(seed: UInt64(queries))
    let q = try Tensor((0..<(queries * d)).map { _ in numbers.normal() }, shape: [1, 1, queries, d])
    let k = try Tensor((0..<(keys * d)).map { _ in numbers.normal() }, shape: [1, 1, keys, d])
    let v = try Tensor((0..<(keys * dv)).map { _ in numbers.normal() }, shape: [1, 1, keys, dv])
    for mask in [AttentionMask<Double>.causal, .window(left: 40, right: 2), .causal & .keyLengths([77])] {
      func attend(_ path: AttentionPath) throws -> AttentionResult<Double> {
        try scaledDotProductAttention(
          queries: q, keys: k, values: v, mask: mask,
          options: AttentionOptions(alignment: alignment, details: .logSumExp, path: path))
      }
      let (tiled, whole) = (try attend(.tiled), try attend(.blas))
      let output = Comparison(tiled.output, whole.output.elements, shape: [1, 1, queries, dv], absolute: 1e-12)
      #expect(output.isWithin, "\(mask): \(output)")
      let sums = (try #require(tiled.logSumExp), try #require(whole.logSumExp))
      for (ours, theirs) in zip(sums.0.elements, sums.1.elements) {
        #expect(ours == theirs || abs(ours - theirs) < 1e-12, "\(mask): log-sum-exp \(ours), \(theirs)")
      }
    }
  }
}
