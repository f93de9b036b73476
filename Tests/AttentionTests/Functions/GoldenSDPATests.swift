import Attention
import Support
import Testing

/// Every path against what PyTorch computes in float64 (Tests/Golden/README.md).
@Suite struct GoldenSDPATests {
  /// The fields of a case that a call needs.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let rank: Int
    let batch: Int
    let heads: Int
    let kvHeads: Int
    let queries: Int
    let keys: Int
    let valueSize: Int
    let scale: Double?
    let softcap: Double?
    let causal: Bool
    let offsets: [Int]?
    let window: [Int]?
    let keyLengths: [Int]?
    let mask: String?
    let emptyRows: Int

    var testDescription: String { name }
  }

  private static let file = Result { try GoldenFile("sdpa") }
  private static let cases = (try? file.get().cases(of: Case.self)) ?? []

  @Test func everyCaseIsRead() throws {
    #expect(try Self.file.get().cases(of: Case.self).count == 45)
  }

  @Test(arguments: cases)
  func float(_ golden: Case) throws {
    try check(golden, Float.self)
  }

  @Test(arguments: cases)
  func double(_ golden: Case) throws {
    try check(golden, Double.self)
  }

  private func check<Scalar: BLASScalar>(_ golden: Case, _ type: Scalar.Type) throws {
    let file = try Self.file.get()
    let problem = try GoldenProblem<Scalar>(golden, file)
    try compare(problem, problem.optionMask(), alignment: problem.alignment, "by options")
    if let keep = try problem.keepMask() { try compare(problem, keep, alignment: nil, "by keep") }
  }

  private func compare<Scalar: BLASScalar>(
    _ problem: GoldenProblem<Scalar>, _ mask: AttentionMask<Scalar>, alignment: QueryAlignment?, _ way: String
  ) throws {
    let golden = problem.golden
    let rows = [golden.batch, golden.heads, golden.queries]
    let outputs =
      golden.rank == 3
      ? [golden.batch, golden.queries, golden.heads * golden.valueSize] : rows + [golden.valueSize]
    for path in [AttentionPath.automatic, .reference, .blas, .tiled, .fused] {
      // The fused path keeps no scores.
      for details in path == .fused ? [AttentionDetailSet.logSumExp] : [.logSumExp, [.logSumExp, .weights]] {
        let result = try scaledDotProductAttention(
          queries: problem.queries, keys: problem.keys, values: problem.values,
          heads: golden.rank == 3 ? golden.heads : nil, keyValueHeads: golden.rank == 3 ? golden.kvHeads : nil,
          mask: mask,
          options: AttentionOptions(
            scale: golden.scale, softcap: golden.softcap, alignment: alignment, details: details, path: path))
        let name = "\(golden.name) \(way), \(Scalar.self) \(path), details \(details.rawValue)"
        let output = problem.comparison(
          result.output, try problem.expected("output"), shape: outputs, of: problem.values.doubles)
        #expect(output.isWithin, "\(name), output: \(output)")
        let logSumExp = problem.comparison(
          result.logSumExp, try problem.expected("log_sum_exp"), shape: rows, isRelative: true)
        #expect(logSumExp.isWithin, "\(name), log-sum-exp: \(logSumExp)")
        let empty = result.logSumExp?.doubles.count { $0 == -.infinity }
        #expect(empty == golden.emptyRows, "\(name): rows with nothing to attend")
        guard details.contains(.weights) else { continue }
        let weights = problem.comparison(
          result.weights, try problem.expected("weights"), shape: rows + [golden.keys], of: [1])
        #expect(weights.isWithin, "\(name), weights: \(weights)")
      }
    }
  }
}

/// A golden case's tensors.
private struct GoldenProblem<Scalar: BLASScalar> {
  let golden: GoldenSDPATests.Case
  let file: GoldenFile
  let queries: Tensor<Scalar>
  let keys: Tensor<Scalar>
  let values: Tensor<Scalar>

  init(_ golden: GoldenSDPATests.Case, _ file: GoldenFile) throws {
    (self.golden, self.file) = (golden, file)
    queries = try file.tensor("\(golden.name)/query", convertedTo: Scalar.self)
    keys = try file.tensor("\(golden.name)/key", convertedTo: Scalar.self)
    values = try file.tensor("\(golden.name)/value", convertedTo: Scalar.self)
  }

  var alignment: QueryAlignment? {
    golden.offsets.map { $0.count == 1 ? .offset($0[0]) : .offsets($0) }
  }

  /// The mask that the options name, and the input mask.
  func optionMask() throws -> AttentionMask<Scalar> {
    var mask = try inputMask()
    if golden.causal { mask = mask & .causal }
    if let window = golden.window { mask = mask & .window(left: window[0], right: window[1]) }
    if let lengths = golden.keyLengths { mask = mask & .keyLengths(lengths) }
    return mask
  }

  /// The same with a Boolean mask in place of the options; nil where there are none.
  func keepMask() throws -> AttentionMask<Scalar>? {
    let name = "\(golden.name)/keep"
    guard file.contains(name) else { return nil }
    return try inputMask() & .keep(file.tensor(name, as: Bool.self))
  }

  private func inputMask() throws -> AttentionMask<Scalar> {
    let name = "\(golden.name)/mask"
    switch golden.mask {
    case "bool": return .keep(try file.tensor(name, as: Bool.self))
    case "float": return .bias(try file.tensor(name, convertedTo: Scalar.self))
    default: return .none
    }
  }

  func expected(_ name: String) throws -> [Double] {
    try file.tensor("\(golden.name)/\(name)", as: Double.self).elements
  }

  /// - Parameters:
  ///   - values: whose largest bounds the error in Double.
  ///   - isRelative: the bound in Double is relative to each expected number, or 1.
  func comparison(
    _ actual: Tensor<Scalar>?, _ expected: [Double], shape: [Int], of values: [Double] = [1], isRelative: Bool = false
  ) -> Comparison {
    guard Scalar.self == Double.self else {
      return Comparison(
        actual, expected, shape: shape, absolute: ErrorBound.floatAbsolute, relative: ErrorBound.floatRelative)
    }
    return Comparison(
      actual, expected, shape: shape, absolute: ErrorBound.double(values), relative: isRelative ? 1e-12 : 0)
  }
}
