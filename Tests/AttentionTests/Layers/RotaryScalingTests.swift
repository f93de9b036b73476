import Foundation
import Support
import Testing

@testable import Attention

/// Rotations of Tests/Golden/positions.safetensors, which the transformers library computed in Double.
struct RotaryGoldenCase: Decodable, CustomTestStringConvertible {
  struct Scaling: Decodable {
    let kind: String
    let originalLength: Int
    let factor: Double?
    let betaFast: Double?
    let betaSlow: Double?
    let attentionFactor: Double?
    let truncate: Bool?
    let lowFreqFactor: Double?
    let highFreqFactor: Double?
  }

  let kind: String
  let name: String
  let rotarySize: Int?
  let base: Double?
  let interleaved: Bool?
  let attentionFactor: Double?
  let scaling: Scaling?

  var testDescription: String { name }

  static let all: [RotaryGoldenCase] =
    ((try? GoldenFile("positions").cases(of: RotaryGoldenCase.self)) ?? []).filter { $0.kind == "rotary" }

  func rotaryScaling() throws -> RotaryScaling {
    let scaling = try #require(scaling)
    let (factor, length) = (scaling.factor ?? 1, scaling.originalLength)
    switch scaling.kind {
    case "linear": return .linear(factor: factor)
    case "dynamic": return .dynamicNTK(factor: factor, originalLength: length)
    case "yarn":
      return .yarn(
        factor: factor, originalLength: length, betaFast: scaling.betaFast ?? 32, betaSlow: scaling.betaSlow ?? 1,
        attentionFactor: scaling.attentionFactor, truncates: scaling.truncate ?? true)
    case "llama3":
      return .llama3(
        factor: factor, originalLength: length, lowFrequencyFactor: try #require(scaling.lowFreqFactor),
        highFrequencyFactor: try #require(scaling.highFreqFactor))
    default: return .none
    }
  }

  func rotary<Scalar: BLASScalar>(_ type: Scalar.Type, precomputed: Int = 64) throws -> RotaryPositions<Scalar> {
    let (size, base) = (try #require(rotarySize), try #require(base))
    return try RotaryPositions(
      rotarySize: size, base: base, scaling: rotaryScaling(),
      pairing: interleaved == true ? .interleaved : .halves, precomputed: precomputed)
  }
}

@Suite struct RotaryScalingTests {
  @Test func everyKindIsThere() {
    #expect(RotaryGoldenCase.all.count == 13)
    #expect(
      Set(RotaryGoldenCase.all.compactMap { $0.scaling?.kind }) == ["default", "linear", "dynamic", "yarn", "llama3"])
  }

  @Test(arguments: RotaryGoldenCase.all) func transformers(golden: RotaryGoldenCase) throws {
    let file = try GoldenFile("positions")
    let positions = try file.tensor("\(golden.name)/positions", as: Int64.self).converted(to: Int.self)
    let rotary = try golden.rotary(Double.self)
    let frequencies = try file.tensor("\(golden.name)/inverse_frequencies", as: Double.self)
    let length = (positions.elements.max() ?? 0) + 1
    let fitted = try rotary.fitted(toLength: length)
    let ours = Comparison(fitted.inverseFrequencies, frequencies.elements, shape: frequencies.shape, relative: 1e-14)
    #expect(ours.isWithin, "frequencies: \(ours)")
    #expect(abs(rotary.attentionFactor - (try #require(golden.attentionFactor))) < 1e-15)

    let x = try file.tensor("\(golden.name)/x", convertedTo: Double.self)
    let rotated = try file.tensor("\(golden.name)/rotated", as: Double.self)
    // Angles of up to 1000 radians, each side's off by some ulp.
    let double = Comparison(
      try rotary(x, at: .given(positions)), rotated.elements, shape: x.shape, absolute: 1e-11)
    #expect(double.isWithin, "\(double)")
    #expect(try fitted(x, at: .given(positions)) == rotary(x, at: .given(positions)))

    let float = Comparison(
      try golden.rotary(Float.self)(x.converted(to: Float.self), at: .given(positions)), rotated.elements,
      shape: x.shape, absolute: 1e-6, relative: 1e-6)
    #expect(float.isWithin, "\(float)")
  }

  /// Frequencies that are given are those that were computed.
  @Test(arguments: RotaryGoldenCase.all) func givenFrequencies(golden: RotaryGoldenCase) throws {
    let x = try GoldenFile("positions").tensor("\(golden.name)/x", convertedTo: Double.self)
    let rotary = try golden.rotary(Double.self)
    let given = try RotaryPositions<Double>(
      inverseFrequencies: rotary.inverseFrequencies, attentionFactor: rotary.attentionFactor, pairing: rotary.pairing)
    #expect(try given(x, at: .offset(50)) == rotary(x, at: .offset(50)))
  }

  /// The shortest wave stays, and the longest is stretched by the factor.
  @Test func ntkByHand() throws {
    let plain = try RotaryPositions<Double>(rotarySize: 22).inverseFrequencies
    let ntk = try RotaryPositions<Double>(rotarySize: 22, scaling: .ntk(factor: 3)).inverseFrequencies
    #expect(ntk[0] == 1)
    #expect(abs(plain[10] / ntk[10] - 3) < 1e-13)
    // A single pair has but the shortest.
    #expect(try RotaryPositions<Double>(rotarySize: 2, scaling: .ntk(factor: 3)).inverseFrequencies.elements == [1])
  }

  @Test func factorOfOneChangesNothing() throws {
    let plain = try RotaryPositions<Double>(rotarySize: 22).inverseFrequencies
    for scaling in [
      RotaryScaling.linear(factor: 1), .ntk(factor: 1), .dynamicNTK(factor: 1, originalLength: 5),
      .yarn(factor: 1, originalLength: 40), .llama3(factor: 1, originalLength: 40),
    ] {
      let scaled = try RotaryPositions<Double>(rotarySize: 22, scaling: scaling)
      #expect(scaled.attentionFactor == 1)
      let comparison = Comparison(
        scaled.inverseFrequencies, plain.elements, shape: [11], relative: 4 * Double.ulpOfOne)
      #expect(comparison.isWithin, "\(scaling): \(comparison)")
    }
  }

  /// YaRN's scores are those of the temperature: the factor's square times what they were.
  @Test func yarnScalesScores() throws {
    var random = SeededGenerator(seed: 41)
    let x: Tensor<Double> = try random.normal([1, 1, 1, 22])
    let rotary = try RotaryPositions<Double>(rotarySize: 22, scaling: .yarn(factor: 8, originalLength: 64))
    let factor = 0.1 * log(8.0) + 1
    #expect(abs(rotary.attentionFactor - factor) < 1e-15)
    let square = x.elements.reduce(0) { $0 + $1 * $1 }
    for position in [3, 600] {
      let turned = try rotary(x, at: .offset(position)).elements.reduce(0) { $0 + $1 * $1 }
      #expect(abs(turned / square - factor * factor) < 1e-13)
    }
  }

  /// Up to the original length there is no scaling; a length that was fixed holds for all calls.
  @Test func dynamicLengths() throws {
    var random = SeededGenerator(seed: 42)
    let x: Tensor<Float> = try random.normal([1, 2, 9, 14])
    let dynamic = try RotaryPositions<Float>(rotarySize: 14, scaling: .dynamicNTK(factor: 2, originalLength: 20))
    let plain = try RotaryPositions<Float>(rotarySize: 14)
    #expect(try dynamic(x, at: .offset(11)).isBitwiseEqual(to: plain(x, at: .offset(11))))
    let beyond = try dynamic(x, at: .offset(12))
    #expect(try !beyond.isBitwiseEqual(to: plain(x, at: .offset(12))))
    #expect(try beyond.isBitwiseEqual(to: dynamic.fitted(toLength: 21)(x, at: .offset(12))))
    let long = try dynamic.fitted(toLength: 100, precomputed: 7)
    #expect(long.cosines.shape == [7, 7])
    #expect(try !long(x).isBitwiseEqual(to: plain(x)))
    #expect(try long.fitted(toLength: 300)(x).isBitwiseEqual(to: long(x)))
    #expect(try plain.fitted(toLength: 300)(x).isBitwiseEqual(to: plain(x)))
    #expect(try dynamic(x, at: .offsets([12])).isBitwiseEqual(to: beyond))
  }
}
