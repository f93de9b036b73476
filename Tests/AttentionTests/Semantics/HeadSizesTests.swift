import Attention
import Testing

@Suite("Head sizes and shared heads")
struct HeadSizesTests {
  @Test("15: values of another size than queries and keys", arguments: Way.all, [1, 2, 7, 17])
  func valueHeadSize(way: Way, size: Int) throws {
    let (q, k) = (try numbers([2, 3, 5, 11]), try numbers([2, 3, 13, 11], seed: 2))
    let v = try numbers([2, 3, 13, size], seed: 3)
    let outcome = try way.attend(q, k, v)
    #expect(outcome.output.shape == [2, 3, 5, size])
    expectClose(outcome.output, DoubleOracle(q, k, v).computed().output, way)
  }

  @Test("15: keys and values of different length are an error", arguments: Way.all)
  func differentLengths(way: Way) throws {
    let (q, k) = (try numbers([1, 2, 3, 5]), try numbers([1, 2, 7, 5]))
    #expect(
      throws: AttentionError.shape(
        name: "value", expected: "batch 1, 2 heads and 7 rows to go with key [1, 2, 7, 5]", actual: [1, 2, 6, 5])
    ) { try way.attend(q, k, numbers([1, 2, 6, 5])) }
  }

  @Test("Query head h uses key/value head h / (H / G)", arguments: Way.all, [1, 2, 3, 6])
  func sharedHeads(way: Way, groups: Int) throws {
    // Values name their head, so that outputs say which one was used; one query and several.
    let v = try Tensor((0..<2 * groups * 4).map { Double($0 / 4) }, shape: [2, groups, 4, 1])
    for queries in [1, 3] {
      let outcome = try way.attend(numbers([2, 6, queries, 5]), numbers([2, groups, 4, 5], seed: 2), v)
      let used = (0..<12).flatMap { pair in
        let (batch, head) = (pair / 6, pair % 6)
        return [Double](repeating: Double(batch * groups + head / (6 / groups)), count: queries)
      }
      expectClose(outcome.output, used, way, "output for \(queries) queries")
    }
  }

  @Test("Scale is 1/√D unless given", arguments: Way.all)
  func scale(way: Way) throws {
    // Scores 4·scale and 0: with D = 16 and ones, 16/√16 = 4 of weight e⁴ : 1.
    let q = try Tensor<Double>(repeating: 1, shape: [1, 1, 1, 16])
    let k = try Tensor((0..<32).map { $0 < 16 ? 1.0 : 0 }, shape: [1, 1, 2, 16])
    let v = try Tensor<Double>([1, 0], shape: [1, 1, 2, 1])
    expectClose(try way.attend(q, k, v).output, [0.9820137900379085], way)
    expectClose(try way.attend(q, k, v, scale: 0.0625).output, [0.7310585786300049], way, "output at scale 1/16")
    expectClose(try way.attend(q, k, v, scale: 0).output, [0.5], way, "output at scale 0")
    expectClose(try way.attend(q, k, v, scale: -0.0625).output, [0.2689414213699951], way, "output at scale −1/16")
  }
}
