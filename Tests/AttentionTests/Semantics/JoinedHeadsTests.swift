import Attention
import Testing

@Suite("Inputs of rank 3")
struct JoinedHeadsTests {
  @Test("17: heads beside each other, by hand", arguments: Way.all)
  func byHand(way: Way) throws {
    // One query of two heads of one number; keys and values of two heads over two rows.
    let q = try Tensor<Double>([0, 0], shape: [1, 1, 2])
    let k = try Tensor<Double>([1, 2, 3, 4], shape: [1, 2, 2])
    let v = try Tensor<Double>([1, 100, 3, 300], shape: [1, 2, 2])
    let outcome = try way.attend(q, k, v, heads: 2, details: [.weights, .logSumExp])
    #expect(outcome.output.shape == [1, 1, 2])
    expectClose(outcome.output, [2, 200], way)
    #expect(outcome.weights?.shape == [1, 2, 1, 2])
    #expect(outcome.logSumExp?.shape == [1, 2, 1])
  }

  @Test("17: equal to rank 4, the output of the query's rank", arguments: Way.all)
  func equalsRankFour(way: Way) throws {
    let (q, k, v) = (
      try numbers([2, 5, 6 * 3]), try numbers([2, 7, 2 * 3], seed: 2), try numbers([2, 7, 2 * 11], seed: 3)
    )
    let split = try way.attend(
      q.splittingHeads(6), k.splittingHeads(2), v.splittingHeads(2), mask: .causal, alignment: .end,
      details: [.weights])
    #expect(split.output.shape == [2, 6, 5, 11])
    let joined = try way.attend(
      q, k, v, heads: 6, keyValueHeads: 2, mask: .causal, alignment: .end, details: [.weights])
    #expect(joined.output.shape == [2, 5, 66])
    #expect(isBitwiseEqual(joined.output, try split.output.mergingHeads()))
    #expect(isBitwiseEqual(joined.weights, split.weights))
    var oracle = try DoubleOracle(
      q.splittingHeads(6).contiguous(), k.splittingHeads(2).contiguous(), v.splittingHeads(2).contiguous())
    oracle.attends = { _, _, i, j in j <= i + 2 }
    expectClose(split.output, oracle.computed().output, way)
  }

  @Test("17: queries of one rank, keys and values of another", arguments: Way.all)
  func mixedRanks(way: Way) throws {
    let (q, k, v) = (try numbers([2, 5, 6]), try numbers([2, 7, 6], seed: 2), try numbers([2, 7, 4], seed: 3))
    let expected = try way.attend(q, k, v, heads: 2).output
    let rankFour = try way.attend(q.splittingHeads(2), k, v).output
    #expect(rankFour.shape == [2, 2, 5, 2])
    #expect(isBitwiseEqual(try rankFour.mergingHeads(), expected))
    let rankThree = try way.attend(q, k.splittingHeads(2), v, heads: 2).output
    #expect(isBitwiseEqual(rankThree, expected))
  }

  @Test("17: heads that do not fit are errors", arguments: Way.all)
  func misfits(way: Way) throws {
    let (q, k) = (try numbers([2, 5, 6]), try numbers([2, 7, 6]))
    #expect(
      throws: AttentionError.argument(
        name: "query head count", expected: "a number, for query of shape [2, 5, 6]", actual: "not given")
    ) { try way.attend(q, k, k) }
    for heads in [4, 0, -2] {
      #expect(
        throws: AttentionError.shape(
          name: "query", expected: "a last dimension divisible by \(heads) heads", actual: [2, 5, 6])
      ) { try way.attend(q, k, k, heads: heads) }
    }
    #expect(
      throws: AttentionError.shape(name: "key", expected: "a last dimension divisible by 4 heads", actual: [2, 7, 6])
    ) { try way.attend(q, k, k, heads: 2, keyValueHeads: 4) }
    // Three key/value heads of two numbers against two query heads of three.
    #expect(
      throws: AttentionError.shape(
        name: "key", expected: "batch 2 and head size 3 to go with query [2, 5, 6]", actual: [2, 7, 6])
    ) { try way.attend(q, k, k, heads: 2, keyValueHeads: 3) }
    #expect(
      throws: AttentionError.shape(name: "query", expected: "3 heads, as asked for", actual: [1, 2, 5, 3])
    ) { try way.attend(numbers([1, 2, 5, 3]), numbers([1, 2, 5, 3]), numbers([1, 2, 5, 3]), heads: 3) }
  }
}
