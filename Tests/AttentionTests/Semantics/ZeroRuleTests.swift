import Attention
import Testing

@Suite("Rows with nothing to attend")
struct ZeroRuleTests {
  /// What leaves all rows of three, or only the middle one, without a key of five.
  enum Cause: String, CaseIterable, CustomTestStringConvertible {
    case keepFalse, biasInfinite, keyLengthZero, offsetNegative, windowBeforeFirst, windowAfterLast, keepRow, biasRow
    case keepAgainstCausal, keepAgainstBias, keepAgainstLength

    var testDescription: String { rawValue }

    func mask() throws -> AttentionMask<Double> {
      let infinity = Double.infinity
      let row: [Bool] = [true, true, true, true, true, false, false, false, false, false, true, true, true, true, true]
      return switch self {
      case .keepFalse: .keep(try Tensor(repeating: false, shape: [3, 5]))
      case .biasInfinite: .bias(try Tensor(repeating: -infinity, shape: [5]))
      case .keyLengthZero: .keyLengths([0, 0])
      case .offsetNegative: .causal
      case .windowBeforeFirst: .window(left: 0, right: 0)
      case .windowAfterLast: .window(left: 1, right: nil)
      case .keepRow: .keep(try Tensor(row, shape: [3, 5]))
      case .biasRow: .bias(try Tensor(row.map { $0 ? 0 : -infinity }, shape: [3, 5]))
      case .keepAgainstCausal: .causal & .keep(try Tensor([false, false, true, true, true], shape: [5]))
      case .keepAgainstBias:
        .keep(try Tensor([true, true, false, false, false], shape: [5]))
          & .bias(try Tensor([-infinity, -infinity, 0, 0, 0], shape: [5]))
      case .keepAgainstLength: .keyLengths([2, 1]) & .keep(try Tensor([false, false, true, true, true], shape: [5]))
      }
    }

    var alignment: QueryAlignment? {
      switch self {
      case .offsetNegative, .windowBeforeFirst: .offset(-3)
      case .windowAfterLast: .offset(6)
      case .keepAgainstCausal: .offset(-1)
      default: nil
      }
    }

    var pattern: String {
      switch self {
      case .keepRow, .biasRow: "11111/00000/11111"
      default: "00000/00000/00000"
      }
    }
  }

  @Test("2: output 0, weights 0, log-sum-exp −∞", arguments: Way.all, Cause.allCases)
  func emptyRowsAreZero(way: Way, cause: Cause) throws {
    try expectAttended([cause.pattern, cause.pattern], way, mask: cause.mask(), alignment: cause.alignment)
  }

  @Test("2: 0 whatever keys and values hold", arguments: Way.all)
  func emptyRowsIgnoreTheirOperands(way: Way) throws {
    let poisoned = try Tensor<Double>(repeating: .nan, shape: [1, 2, 5, 3])
    let q = try numbers([1, 2, 2, 3])
    let empty = AttentionMask<Double>.keep(try Tensor(repeating: false, shape: [5]))
    for details in [AttentionDetailSet(), [.weights, .logSumExp, .maskedScores]] {
      let outcome = try way.attend(q, poisoned, poisoned, mask: empty, details: details)
      expectClose(outcome.output, Array(repeating: 0, count: 12), way)
      if details.isEmpty { continue }
      expectClose(outcome.weights, Array(repeating: 0, count: 20), way, "weights")
      expectClose(outcome.logSumExp, Array(repeating: -.infinity, count: 4), way, "log-sum-exp")
      expectClose(outcome.maskedScores, Array(repeating: -.infinity, count: 20), way, "masked scores")
    }
  }

  @Test("2: an empty row among full ones over several tiles of keys", arguments: Way.all)
  func emptyRowOverTiles(way: Way) throws {
    // Three queries over 1030 keys: row 1 is empty, rows 0 and 2 average values 0 … 1029.
    let keep = try Tensor((0..<3 * 1030).map { $0 / 1030 != 1 }, shape: [3, 1030])
    let v = try Tensor((0..<2 * 1030).map { Double($0 % 1030) }, shape: [1, 2, 1030, 1])
    let outcome = try way.attend(
      Tensor(zeros: [1, 2, 3, 1]), Tensor(zeros: [1, 2, 1030, 1]), v, mask: .keep(keep), details: [.logSumExp])
    expectClose(outcome.output, [514.5, 0, 514.5, 514.5, 0, 514.5], way)
    let full = 6.937314081223682  // log 1030
    expectClose(outcome.logSumExp, [full, -.infinity, full, full, -.infinity, full], way, "log-sum-exp")
  }

  @Test("3: a bias of −greatestFiniteMagnitude does not empty a row", arguments: Way.all)
  func lowestFiniteBiasAttends(way: Way) throws {
    let q = try Tensor<Double>([0.5, -0.25], shape: [1, 1, 2, 1])
    let k = try Tensor<Double>([1, 2, -1, 0], shape: [1, 1, 4, 1])
    let v = try Tensor<Double>([1, 2, 3, 6], shape: [1, 1, 4, 1])
    // Scores vanish beside the bias: both rows give the mean of V.
    let lowest = AttentionMask<Double>.bias(try Tensor(repeating: -way.greatest, shape: [2, 4]))
    let outcome = try way.attend(q, k, v, mask: lowest, details: [.weights])
    expectClose(outcome.output, [3, 3], way)
    expectClose(outcome.weights, Array(repeating: 0.25, count: 8), way, "weights")
    expectClose(try way.attend(q, k, v, mask: lowest).output, [3, 3], way, "output without details")
    // With keys masked besides, the mean of the others.
    let keep = AttentionMask<Double>.keep(try Tensor([false, true, false, true], shape: [4]))
    expectClose(try way.attend(q, k, v, mask: lowest & keep).output, [4, 4], way, "output with keep")
  }

  @Test("3: two lowest finite biases that overflow in their sum still attend", arguments: Way.all)
  func sumOfLowestFiniteBiasesAttends(way: Way) throws {
    let q = try Tensor<Double>(zeros: [1, 1, 1, 1])
    let v = try Tensor<Double>([1, 2, 6], shape: [1, 1, 3, 1])
    let lowest = AttentionMask<Double>.bias(try Tensor(repeating: -way.greatest, shape: [3]))
    let outcome = try way.attend(q, Tensor(zeros: [1, 1, 3, 1]), v, mask: lowest & lowest)
    expectClose(outcome.output, [3], way)
  }

  @Test("3: one key above the lowest finite bias takes all the weight", arguments: Way.all)
  func oneKeyAboveLowestBias(way: Way) throws {
    let q = try Tensor<Double>(zeros: [1, 1, 1, 1])
    let v = try Tensor<Double>([1, 2, 6], shape: [1, 1, 3, 1])
    let bias = try Tensor([-way.greatest, 0, -way.greatest], shape: [3])
    let outcome = try way.attend(q, Tensor(zeros: [1, 1, 3, 1]), v, mask: .bias(bias), details: [.weights])
    #expect(outcome.output.elements == [2])
    #expect(outcome.weights?.elements == [0, 1, 0])
  }
}
