import Attention
import Support
import Testing

/// The ONNX operator's cases, held to its evaluator by the script that wrote them (Tests/Golden/README.md).
@Suite("Linear attention: the ONNX operator's cases")
struct LinearAttentionGoldenTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let rule: String
    let batch: Int
    let tokens: Int
    let heads: Int
    let kvHeads: Int
    let headSize: Int
    let valueSize: Int
    let scale: Double?

    var testDescription: String { name }
  }

  private static let file = Result { try GoldenFile("linear_attention") }
  private static let cases = (try? file.get().cases(of: Case.self)) ?? []

  @Test func everyCaseIsRead() throws {
    #expect(try Self.file.get().cases(of: Case.self).count == 19)
  }

  @Test(arguments: cases)
  func float(_ golden: Case) throws { try check(golden, Float.self) }

  @Test(arguments: cases)
  func double(_ golden: Case) throws { try check(golden, Double.self) }

  private func check<Scalar: BLASScalar>(_ golden: Case, _ type: Scalar.Type) throws {
    let tensors = try Self.file.get().tensors(under: "\(golden.name)/", convertedTo: Scalar.self)
    let exact = try Self.file.get().tensors(under: "\(golden.name)/", convertedTo: Double.self)
    let rule = try #require(LinearAttentionRule(rawValue: golden.rule))
    for path in [LinearAttentionPath.automatic, .recurrent, .chunked] {
      for chunkSize in [3, 64] {
        let result = try linearAttention(
          queries: #require(tensors["query"]), keys: #require(tensors["key"]), values: #require(tensors["value"]),
          heads: golden.heads, keyValueHeads: golden.kvHeads, rule: rule, decay: tensors["decay"],
          beta: tensors["beta"], state: tensors["past_state"].map { try LinearAttentionState($0) }, scale: golden.scale,
          chunkSize: chunkSize, path: path)
        let what = "\(golden.name), \(type), \(path), chunks of \(chunkSize)"
        expect(
          result.output, try #require(exact["output"]),
          [golden.batch, golden.tokens, golden.heads * golden.valueSize], "\(what), output")
        expect(
          result.state.tensor, try #require(exact["present_state"]),
          [golden.batch, golden.kvHeads, golden.headSize, golden.valueSize], "\(what), state")
      }
    }
  }

  private func expect<Scalar: BLASScalar>(
    _ actual: Tensor<Scalar>, _ expected: Tensor<Double>, _ shape: [Int], _ what: String
  ) {
    let numbers = expected.doubles
    let comparison =
      Scalar.self == Double.self
      ? Comparison(actual, numbers, shape: shape, absolute: ErrorBound.double(numbers))
      : Comparison(
        actual, numbers, shape: shape, absolute: ErrorBound.floatAbsolute, relative: ErrorBound.floatRelative)
    #expect(comparison.isWithin, "\(what): \(comparison)")
  }
}
