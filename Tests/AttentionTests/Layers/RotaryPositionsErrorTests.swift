import Support
import Testing

@testable import Attention

@Suite struct RotaryPositionsErrorTests {
  @Test func wrongSizes() throws {
    for size in [7, 1, 0, -2, 1 << 31] {
      #expect(
        throws: AttentionError.argument(
          name: "rotarySize", expected: "an even number in 2...2147483647", actual: "\(size)")
      ) { try RotaryPositions<Float>(rotarySize: size) }
    }
    #expect(throws: AttentionError.argument(name: "precomputed", expected: "0 or more", actual: "-1")) {
      try RotaryPositions<Float>(rotarySize: 6, precomputed: -1)
    }
    for base in [0, -1, Double.infinity, .nan] {
      #expect(throws: AttentionError.argument(name: "base", expected: "a finite number above 0", actual: "\(base)")) {
        try RotaryPositions<Float>(rotarySize: 6, base: base)
      }
    }
  }

  @Test func wrongFrequencies() throws {
    #expect(throws: AttentionError.rank(name: "inverseFrequencies", expected: "1: [r/2]", shape: [1, 2])) {
      try RotaryPositions<Float>(inverseFrequencies: Tensor([1, 2], shape: [1, 2]))
    }
    #expect(throws: AttentionError.argument(name: "frequency", expected: "a finite number", actual: "nan")) {
      try RotaryPositions<Float>(inverseFrequencies: Tensor([1, .nan], shape: [2]))
    }
    #expect(throws: AttentionError.argument(name: "frequency", expected: "a finite number", actual: "inf")) {
      try RotaryPositions<Float>(inverseFrequencies: Tensor([1, 2], shape: [2]), attentionFactor: .infinity)
    }
    #expect(
      throws: AttentionError.argument(name: "rotarySize", expected: "an even number in 2...2147483647", actual: "0")
    ) { try RotaryPositions<Float>(inverseFrequencies: Tensor(zeros: [0])) }
  }

  @Test(arguments: [
    (RotaryScaling.linear(factor: 0), "factor", "a finite number above 0", "0.0"),
    (.ntk(factor: .infinity), "factor", "a finite number above 0", "inf"),
    (.dynamicNTK(factor: -1, originalLength: 7), "factor", "a finite number above 0", "-1.0"),
    (.dynamicNTK(factor: 2, originalLength: 0), "originalLength", "1 or more", "0"),
    (.yarn(factor: .nan, originalLength: 7), "factor", "a finite number above 0", "nan"),
    (.yarn(factor: 2, originalLength: -7), "originalLength", "1 or more", "-7"),
    (.yarn(factor: 2, originalLength: 7, betaFast: 0), "betaFast", "a finite number above 0", "0.0"),
    (.yarn(factor: 2, originalLength: 7, betaSlow: -1), "betaSlow", "a finite number above 0", "-1.0"),
    (.yarn(factor: 2, originalLength: 7, betaFast: 3, betaSlow: 4), "betaFast", "above betaSlow 4.0", "3.0"),
    (.yarn(factor: 2, originalLength: 7, attentionFactor: 0), "attentionFactor", "a finite number above 0", "0.0"),
    (.llama3(factor: 0, originalLength: 7), "factor", "a finite number above 0", "0.0"),
    (.llama3(factor: 2, originalLength: 0), "originalLength", "1 or more", "0"),
    (
      .llama3(factor: 2, originalLength: 7, lowFrequencyFactor: 0), "lowFrequencyFactor", "a finite number above 0",
      "0.0"
    ),
    (
      .llama3(factor: 2, originalLength: 7, lowFrequencyFactor: 4), "highFrequencyFactor",
      "above lowFrequencyFactor 4.0", "4.0"
    ),
  ])
  func wrongScaling(scaling: RotaryScaling, name: String, expected: String, actual: String) throws {
    #expect(throws: AttentionError.argument(name: name, expected: expected, actual: actual)) {
      try RotaryPositions<Float>(rotarySize: 6, scaling: scaling)
    }
  }

  @Test func yarnNeedsABaseAboveOne() throws {
    #expect(throws: AttentionError.argument(name: "base", expected: "above 1 for YaRN", actual: "1.0")) {
      try RotaryPositions<Float>(rotarySize: 6, base: 1, scaling: .yarn(factor: 2, originalLength: 7))
    }
  }

  @Test func wrongInputs() throws {
    let rotary = try RotaryPositions<Float>(rotarySize: 6)
    #expect(throws: AttentionError.rank(name: "x", expected: "3 or 4", shape: [5, 6])) {
      try rotary(Tensor(zeros: [5, 6]))
    }
    #expect(
      throws: AttentionError.shape(name: "x", expected: "heads of 6, the rotary size, or more", actual: [2, 3, 5, 4])
    ) {
      try rotary(Tensor(zeros: [2, 3, 5, 4]))
    }
    #expect(
      throws: AttentionError.shape(name: "x", expected: "heads of 6, the rotary size, or more", actual: [2, 5, 12])
    ) {
      try rotary(Tensor(zeros: [2, 5, 12]), headCount: 3)
    }
    #expect(
      throws: AttentionError.argument(
        name: "headCount", expected: "a number, for x of shape [2, 5, 12]", actual: "not given")
    ) { try rotary(Tensor(zeros: [2, 5, 12])) }
    for heads in [5, 0, -1] {
      #expect(
        throws: AttentionError.shape(
          name: "x", expected: "a last dimension divisible by \(heads) heads", actual: [2, 5, 12])
      ) { try rotary(Tensor(zeros: [2, 5, 12]), headCount: heads) }
    }
    #expect(throws: AttentionError.shape(name: "x", expected: "4 heads, as asked for", actual: [2, 3, 5, 6])) {
      try rotary(Tensor(zeros: [2, 3, 5, 6]), headCount: 4)
    }
    #expect(throws: AttentionError.argument(name: "headSize", expected: "6, the rotary size, or more", actual: "5")) {
      try rotary.check(.offset(0), batch: 1, rows: 1, headSize: 5)
    }
  }

  @Test func wrongPositions() throws {
    let rotary = try RotaryPositions<Float>(rotarySize: 6)
    var x = try Tensor<Float>(repeating: 1, shape: [2, 3, 5, 6])
    for offset in [1 << 40, (1 << 40) - 4, -1 << 40, .max, .min] {
      let actual = offset == (1 << 40) - 4 ? 1 << 40 : offset
      #expect(
        throws: AttentionError.argument(name: "position", expected: "below 2⁴⁰ in magnitude", actual: "\(actual)")
      ) { try rotary.rotate(&x, at: .offset(offset)) }
    }
    #expect(throws: AttentionError.argument(name: "offsets", expected: "2, one per batch element", actual: "3")) {
      try rotary.rotate(&x, at: .offsets([1, 2, 3]))
    }
    for shape in [[6], [3, 5], [10], [5, 2], [1, 2, 5]] {
      #expect(throws: AttentionError.shape(name: "positions", expected: "[5] or [2, 5]", actual: shape)) {
        try rotary.rotate(&x, at: .given(Tensor(zeros: shape)))
      }
    }
    #expect(x.elements.allSatisfy { $0 == 1 })
  }
}
