import Attention
import Testing

@Suite("Decoding")
struct DecodingTests {
  @Test("5: one query against a cache attends all keys", arguments: Way.all)
  func oneQueryAttendsAll(way: Way) throws {
    try expectAttended(["11111", "11111"], way, mask: .causal, alignment: .end)
    try expectAttended(["11111"], way, mask: .causal, alignment: .offset(4))
    // An external cache of five places of which three and one are filled, the query's own among them.
    try expectAttended(["11100", "10000"], way, mask: .causal & .keyLengths([3, 1]), alignment: .end)
  }

  @Test("5: causal decoding equals no mask, grouped heads stacked", arguments: Way.all)
  func causalDecodingIsUnmasked(way: Way) throws {
    let (q, k, v) = (
      try numbers([2, 6, 1, 5]), try numbers([2, 2, 7, 5], seed: 2), try numbers([2, 2, 7, 3], seed: 3)
    )
    let oracle = DoubleOracle(q, k, v).computed()
    expectClose(try way.attend(q, k, v, mask: .causal, alignment: .end).output, oracle.output, way)
    expectClose(try way.attend(q, k, v).output, oracle.output, way)
  }

  @Test(
    "5: prefill in pieces equals prefill at once", arguments: Way.all,
    [[7], [3, 4], [1, 5, 1], [1, 1, 1, 1, 1, 1, 1]])
  func piecewisePrefill(way: Way, pieces: [Int]) throws {
    let (q, k, v) = (
      try numbers([2, 3, 7, 5]), try numbers([2, 1, 7, 5], seed: 2), try numbers([2, 1, 7, 2], seed: 3)
    )
    var oracle = DoubleOracle(q, k, v)
    oracle.attends = { _, _, i, j in j <= i }
    let expected = try Tensor(oracle.computed().output, shape: [2, 3, 7, 2])
    var past = 0
    for piece in pieces {
      let end = past + piece
      let (queries, keys, values) = (
        try q.sliced(axis: 2, past..<end), try k.sliced(axis: 2, 0..<end), try v.sliced(axis: 2, 0..<end)
      )
      let part = try expected.sliced(axis: 2, past..<end).elements
      for alignment in [QueryAlignment.end, .offset(past), .offsets([past, past])] {
        let outcome = try way.attend(queries, keys, values, mask: .causal, alignment: alignment)
        expectClose(outcome.output, part, way, "queries \(past)..<\(end) aligned at \(alignment)")
      }
      past = end
    }
    #expect(past == 7)
  }
}
