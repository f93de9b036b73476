import Attention
import Glibc
import Testing

@Suite("Large finite scores")
struct LargeScoresTests {
  @Test("11: scores of ±1e4 give no NaN, and a gap of exactly 0", arguments: Way.all)
  func tenThousand(way: Way) throws {
    // Scores 1e4, −1e4 and 1e4 − log 3 for query 1; all the other way round for query −1.
    let q = try Tensor<Double>([1, -1], shape: [1, 1, 2, 1])
    let k = try Tensor<Double>([10_000, -10_000, 10_000], shape: [1, 1, 3, 1])
    let v = try Tensor<Double>([1, 100, 3], shape: [1, 1, 3, 1])
    let outcome = try way.attend(q, k, v, scale: 1, details: [.weights, .logSumExp])
    #expect(outcome.output.elements == [2, 100])
    #expect(outcome.weights?.elements == [0.5, 0, 0.5, 0, 1, 0])
    expectClose(outcome.logSumExp, [10_000 + log(2), 10_000], way, "log-sum-exp")
    #expect(try way.attend(q, k, v, scale: 1).output.elements == [2, 100])
  }

  @Test("11: a gap over 104 in Float, 746 in Double, gives a weight of exactly 0", arguments: Way.all)
  func gapOfZeroWeight(way: Way) throws {
    let gap: Double = way.element == .float ? 105 : 747
    let k = try Tensor<Double>([0, -gap, -gap / 2], shape: [1, 1, 3, 1])
    let v = try Tensor<Double>([1, 1e30, 0], shape: [1, 1, 3, 1])
    let outcome = try way.attend(Tensor([1], shape: [1, 1, 1, 1]), k, v, scale: 1, details: [.weights])
    let weights = try #require(outcome.weights).elements
    #expect(weights[0] == 1 && weights[1] == 0)
    // Half the gap is a weight above 0.
    #expect(weights[2] > 0 && weights[2] < 1e-20)
    #expect(outcome.output.elements == [1])
  }

  @Test("11: maxima that rise and fall from tile to tile", arguments: Way.all, [true, false])
  func maximaOverTiles(way: Way, isRising: Bool) throws {
    // Three tiles' worth of keys; the largest score stands in the last or in the first, 1e4 from the others.
    let keys = 1300
    let peak = isRising ? keys - 1 : 0
    let k = try Tensor((0..<keys).map { $0 == peak ? 5000.0 : Double($0 % 7) - 5000 }, shape: [1, 1, keys, 1])
    let v = try Tensor((0..<keys).map { $0 == peak ? 42.0 : -1000 }, shape: [1, 1, keys, 1])
    let outcome = try way.attend(Tensor([1, 1], shape: [1, 1, 2, 1]), k, v, scale: 1, details: [.logSumExp])
    #expect(outcome.output.elements == [42, 42])
    #expect(outcome.logSumExp?.elements == [5000, 5000])
  }

  @Test("11: all scores alike at ±1e4", arguments: Way.all, [10_000.0, -10_000])
  func equalLargeScores(way: Way, score: Double) throws {
    let k = try Tensor(repeating: score, shape: [1, 1, 600, 1])
    let v = try Tensor((0..<600).map { Double($0) }, shape: [1, 1, 600, 1])
    let outcome = try way.attend(Tensor([1], shape: [1, 1, 1, 1]), k, v, scale: 1, details: [.logSumExp])
    expectClose(outcome.output, [299.5], way)
    expectClose(outcome.logSumExp, [score + log(600)], way, "log-sum-exp")
  }
}
