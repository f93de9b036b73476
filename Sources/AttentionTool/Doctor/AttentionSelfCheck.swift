internal import Attention

/// Small problems on every path, in Float and Double, against the reference path in Double.
struct AttentionSelfCheck: Sendable {
  struct Case: Sendable, CustomStringConvertible {
    /// Path, type and problem.
    let name: String
    /// The largest |result − reference|; ∞ where a result is no number.
    let error: Double
    let bound: Double

    /// NaN never passes.
    var passed: Bool { error <= bound }
    var description: String { "\(name): error \(error), bound \(bound)" }
  }

  let cases: [Case]

  static func run() throws -> AttentionSelfCheck {
    var cases: [Case] = []
    for problem in Problem.all {
      // What the others are held to.
      let expected = try problem.solve(.reference, in: Double.self)
      for path in [AttentionPath.reference, .blas, .tiled, .fused] {
        cases.append(try problem.check(path, in: Float.self, expected))
        if path != .reference { cases.append(try problem.check(path, in: Double.self, expected)) }
      }
    }
    return AttentionSelfCheck(cases: cases)
  }

  /// A problem with inputs in [−1, 1), which Float holds exactly.
  struct Problem: Sendable {
    let name: String
    let batch: Int
    let heads: Int
    let keyValueHeads: Int
    let queries: Int
    let keys: Int
    let headSize: Int
    let valueHeadSize: Int
    var isCausal = false
    var window: (left: Int, right: Int)?
    var keyLengths: [Int]?
    var hasKeepAndBias = false
    var softcap: Double?

    /// Whole, cut by ranges, and cut by masks; more keys than a tile has, and no size a multiple of a vector.
    static let all = [
      Problem(
        name: "plain", batch: 1, heads: 2, keyValueHeads: 1, queries: 9, keys: 523, headSize: 11, valueHeadSize: 13),
      Problem(
        name: "causal", batch: 2, heads: 2, keyValueHeads: 2, queries: 37, keys: 67, headSize: 17, valueHeadSize: 5,
        isCausal: true, keyLengths: [67, 31]),
      Problem(
        name: "masked", batch: 1, heads: 3, keyValueHeads: 1, queries: 17, keys: 131, headSize: 7, valueHeadSize: 19,
        window: (53, 29), hasKeepAndBias: true, softcap: 1.5),
    ]

    func check<Scalar: BLASScalar>(
      _ path: AttentionPath, in type: Scalar.Type, _ expected: [Double]
    ) throws -> Case {
      let output = try solve(path, in: type)
      var error = output.count == expected.count ? 0 : Double.infinity
      for (actual, expected) in zip(output, expected) {
        let difference = abs(actual - expected)
        error = max(error, difference.isNaN ? .infinity : difference)
      }
      let label = type == Float.self ? "Float" : "Double"
      return Case(name: "\(path.rawValue) \(label) \(name)", error: error, bound: bound(type))
    }

    /// A score is a sum of D products of at most √D in all, so off by (D + 4)·√D·ε at most; a weight by twice that, relatively, and
    /// what exponential and sum add, (S + 8)·ε; a weighted sum of S values by S·ε more.
    private func bound<Scalar: BLASScalar>(_ type: Scalar.Type) -> Double {
      let (size, keys) = (Double(headSize), Double(keys))
      return (2 * (size + 4) * size.squareRoot() + 2 * keys + 8) * Double(Scalar.ulpOfOne)
    }

    func solve<Scalar: BLASScalar>(_ path: AttentionPath, in type: Scalar.Type) throws -> [Double] {
      var numbers = Numbers()
      let q: Tensor<Scalar> = try numbers.tensor([batch, heads, queries, headSize])
      let k: Tensor<Scalar> = try numbers.tensor([batch, keyValueHeads, keys, headSize])
      let v: Tensor<Scalar> = try numbers.tensor([batch, keyValueHeads, keys, valueHeadSize])
      var mask = AttentionMask<Scalar>.none
      if isCausal { mask = mask & .causal }
      if let window { mask = mask & .window(left: window.left, right: window.right) }
      if let keyLengths { mask = mask & .keyLengths(keyLengths) }
      if hasKeepAndBias {
        let drawn: Tensor<Scalar> = try numbers.tensor([heads, 1, keys])
        mask = mask & .keep(try Tensor(drawn.elements.map { $0 > -0.5 }, shape: drawn.shape))
        mask = mask & .bias(try numbers.tensor([queries, keys]))
      }
      let output = try scaledDotProductAttention(
        queries: q, keys: k, values: v, mask: mask, alignment: .end, softcap: softcap, path: path)
      return output.elements.map(\.asDouble)
    }
  }

  /// Numbers in [−1, 1) from a linear congruential sequence: the same in every type, as they have 24 bits.
  private struct Numbers {
    private var state: UInt32 = 12345

    mutating func tensor<Scalar: BLASScalar>(_ shape: [Int]) throws -> Tensor<Scalar> {
      var elements: [Scalar] = []
      for _ in 0..<shape.reduce(1, *) {
        state = state &* 1_664_525 &+ 1_013_904_223
        elements.append(Scalar(Int32(bitPattern: state) >> 8) / Scalar(1 << 23))
      }
      return try Tensor(elements, shape: shape)
    }
  }
}
