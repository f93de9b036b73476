import Attention
import Testing

@Suite("Poison at masked places")
struct PoisonTests {
  static let poisons = [Double.nan, .infinity, -.infinity, 1e30]

  /// Masks that hide the same keys from all queries, of 1100: part of the first tile of 512 keys, the second tile whole, and the
  /// end of the third.
  enum Hiding: String, CaseIterable, CustomTestStringConvertible {
    case keepOfKeys, keepOfRows, keepOfHeads, biasOfKeys, biasOfRows, keyLengths, window

    var testDescription: String { rawValue }
    static let keys = 1100

    func hides(_ key: Int) -> Bool {
      switch self {
      case .keyLengths: key >= 300
      case .window: key < 530 || key > 1060
      default: key % 5 == 2 || (512..<1024).contains(key) || key >= 1090
      }
    }

    func mask(heads: Int, queries: Int) throws -> AttentionMask<Double> {
      let kept = (0..<Self.keys).map { !hides($0) }
      let bias = kept.map { $0 ? 0.25 : -.infinity }
      func repeated<Element>(_ row: [Element], _ count: Int) -> [Element] { (0..<count).flatMap { _ in row } }
      return switch self {
      case .keepOfKeys: .keep(try Tensor(kept, shape: [Self.keys]))
      case .keepOfRows: .keep(try Tensor(repeated(kept, queries), shape: [queries, Self.keys]))
      case .keepOfHeads: .keep(try Tensor(repeated(kept, heads * queries), shape: [heads, queries, Self.keys]))
      case .biasOfKeys: .bias(try Tensor(bias, shape: [1, Self.keys]))
      case .biasOfRows: .bias(try Tensor(repeated(bias, queries), shape: [queries, Self.keys]))
      case .keyLengths: .keyLengths([300])
      // One query at place 800 and one at 801, so that 530 … 1060 is what some query attends.
      case .window: .window(left: 270, right: 259)
      }
    }
  }

  @Test("13: keys and values that are masked for all have no effect", arguments: Way.all, Hiding.allCases)
  func hiddenFromAll(way: Way, hiding: Hiding) throws {
    let (heads, queries) = (2, 2)
    let q = try numbers([1, heads, queries, 3])
    let (k, v) = (try numbers([1, 1, Hiding.keys, 3], seed: 2), try numbers([1, 1, Hiding.keys, 2], seed: 3))
    let mask = try hiding.mask(heads: heads, queries: queries)
    func attend(_ k: Tensor<Double>, _ v: Tensor<Double>, _ details: AttentionDetailSet) throws -> Outcome {
      try way.attend(q, k, v, mask: mask, alignment: .offset(800), details: details)
    }
    let clean = try attend(k, v, [.weights, .logSumExp, .maskedScores])
    #expect(clean.output.elements.allSatisfy { $0.isFinite && $0 != 0 })
    for poison in Self.poisons {
      let spoiledKeys = try poisoned(k, by: poison, where: hiding.hides)
      let spoiledValues = try poisoned(v, by: poison, where: hiding.hides)
      let plain = try attend(spoiledKeys, spoiledValues, [])
      expectClose(plain.output, clean.output.elements, way, "output with \(poison)")
      guard poison.isNaN else { continue }
      let spoiled = try attend(spoiledKeys, spoiledValues, [.weights, .logSumExp, .maskedScores])
      expectClose(spoiled.output, clean.output.elements, way, "output with details and \(poison)")
      #expect(isBitwiseEqual(spoiled.weights, clean.weights), "weights with \(poison)")
      #expect(isBitwiseEqual(spoiled.maskedScores, clean.maskedScores), "masked scores with \(poison)")
      #expect(isBitwiseEqual(spoiled.logSumExp, clean.logSumExp), "log-sum-exp with \(poison)")
    }
  }

  private func poisoned(
    _ tensor: Tensor<Double>, by poison: Double, where hides: (Int) -> Bool
  ) throws -> Tensor<Double> {
    let (keys, columns) = (tensor.shape[2], tensor.shape[3])
    var elements = tensor.elements
    for key in 0..<keys where hides(key) {
      for column in 0..<columns { elements[key * columns + column] = poison }
    }
    return try Tensor(elements, shape: tensor.shape)
  }

  @Test("13: a later key does not reach earlier causal rows", arguments: Way.all, poisons)
  func futureIsNotSeen(way: Way, poison: Double) throws {
    // Eight queries at places 508 … 515; the key at 512, the first of the second tile, is spoiled.
    let q = try numbers([1, 1, 8, 3])
    var (k, v) = (try numbers([1, 1, 516, 3], seed: 2), try numbers([1, 1, 516, 2], seed: 3))
    let clean = try way.attend(q, k, v, mask: .causal, alignment: .end).output.elements
    for e in 0..<3 { k[0, 0, 512, e] = poison }
    for e in 0..<2 { v[0, 0, 512, e] = poison }
    for details in [AttentionDetailSet(), .weights] {
      let outcome = try way.attend(q, k, v, mask: .causal, alignment: .end, details: details)
      expectClose(try outcome.output.sliced(axis: 2, 0..<4), Array(clean[..<8]), way, "rows before the poison")
      if poison.isNaN {
        #expect(try outcome.output.sliced(axis: 2, 4..<8).elements.allSatisfy(\.isNaN))
      }
    }
  }

  @Test("13: poison masked for one row only, in a partial tile", arguments: Way.all, poisons)
  func maskedForOneRow(way: Way, poison: Double) throws {
    // Row 0 does not attend key 1, row 1 does: values alone, by hand.
    let keep = try Tensor([true, false, true, true, true, true], shape: [2, 3])
    let v = try Tensor([1, poison, 3], shape: [1, 1, 3, 1])
    let outcome = try way.attend(
      Tensor(zeros: [1, 1, 2, 2]), Tensor(zeros: [1, 1, 3, 2]), v, mask: .keep(keep))
    expectClose(outcome.output, [2, (4 + poison) / 3], way)
  }

  @Test("13: raw scores show what masked keys hold, nothing else does", arguments: Way.all)
  func rawScoresShowPoison(way: Way) throws {
    let k = try Tensor<Double>([1, .nan, 3], shape: [1, 1, 3, 1])
    let keep = AttentionMask<Double>.keep(try Tensor([true, false, true], shape: [3]))
    let outcome = try way.attend(Tensor([2], shape: [1, 1, 1, 1]), k, k, mask: keep, scale: 1, details: .all)
    expectClose(outcome.rawScores, [2, .nan, 6], way, "raw scores")
    expectClose(outcome.cappedScores, [2, .nan, 6], way, "capped scores")
    expectClose(outcome.maskedScores, [2, -.infinity, 6], way, "masked scores")
    expectClose(outcome.weights, [0.01798620996209156, 0, 0.9820137900379085], way, "weights")
    expectClose(outcome.output, [2.964027580075817], way)
  }
}
