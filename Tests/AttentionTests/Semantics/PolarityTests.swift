import Attention
import Testing

@Suite("Polarity")
struct PolarityTests {
  @Test("1: keep true attends", arguments: Way.all)
  func trueAttends(way: Way) throws {
    try expectAttended(
      ["100/011"], way, mask: .keep(try Tensor([true, false, false, false, true, true], shape: [2, 3])))
  }

  @Test("1: keep true gives that key's value, by hand", arguments: Way.all)
  func keptValueIsReturned(way: Way) throws {
    let v = try Tensor<Double>([1, 10, 100, 1000, 2, 20, 200, 2000], shape: [1, 2, 4, 1])
    let keep = try Tensor([false, false, true, false], shape: [4])
    let outcome = try way.attend(numbers([1, 2, 3, 2]), numbers([1, 2, 4, 2]), v, mask: .keep(keep))
    #expect(outcome.output.elements == [100, 100, 100, 200, 200, 200])
  }

  @Test("1: a bias is added, −∞ masks", arguments: Way.all)
  func biasAdds(way: Way) throws {
    // Weights 1 : 3 by log 3, the last key masked: (4 + 3·8) / 4.
    let bias = try Tensor([0, 1.0986122886681098, -.infinity], shape: [3])
    let v = try Tensor<Double>([4, 8, 1000], shape: [1, 1, 3, 1])
    let outcome = try way.attend(
      Tensor(zeros: [1, 1, 1, 2]), numbers([1, 1, 3, 2]), v, mask: .bias(bias), details: [.weights])
    expectClose(outcome.output, [7], way)
    expectClose(outcome.weights, [0.25, 0.75, 0], way, "weights")
  }
}
