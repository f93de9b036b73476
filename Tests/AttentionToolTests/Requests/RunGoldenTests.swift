import Attention
import Checkpoints
import ONNXConventions
import Support
import Testing

@testable import AttentionTool

/// The SDPA cases of Tests/Golden through `run`, in every way in which a command line can say them.
@Suite struct RunGoldenTests {
  struct Case: Decodable, Sendable {
    let name: String
    let rank: Int
    let heads: Int
    let kvHeads: Int
    let queries: Int
    let keys: Int
    let scale: Double?
    let softcap: Double?
    let causal: Bool
    let offsets: [Int]?
    let window: [Int]?
    let keyLengths: [Int]?
    let mask: String?
  }

  /// How queries are placed among the keys.
  enum Placing: String, CaseIterable {
    /// At key 0, or by `kv_lengths`.
    case plain
    /// The first keys given as a past.
    case past
    case bottomRight

    func says(_ golden: Case) -> Bool {
      let offset = golden.keyLengths == nil ? golden.offsets?.first : nil
      return switch self {
      case .plain: golden.keyLengths != nil || (offset ?? 0) == 0
      case .past: golden.keyLengths == nil && (offset.map { $0 > 0 } ?? (golden.keys > 2))
      case .bottomRight: golden.causal && (golden.keyLengths != nil || offset == golden.keys - golden.queries)
      }
    }
  }

  struct Way: CustomTestStringConvertible, Sendable {
    let golden: Case
    let placing: Placing
    var testDescription: String { "\(golden.name) \(placing.rawValue)" }
  }

  /// Opened once: reading its header takes longer than a case.
  static let file = Result { try GoldenFile("sdpa") }

  static let ways: Result<[Way], any Error> = Result {
    try file.get().cases(of: Case.self).flatMap { golden in
      Placing.allCases.filter { $0.says(golden) }.map { Way(golden: golden, placing: $0) }
    }
  }

  @Test func everyCaseCanBeSaid() throws {
    let names = try Self.file.get().cases(of: Case.self).map(\.name)
    #expect(names.count == 45)
    #expect(Set(names) == Set(try Self.ways.get().map(\.golden.name)))
  }

  @Test(arguments: (try? ways.get()) ?? [])
  func matchesPyTorch(way: Way) throws {
    for path in [AttentionPath.reference, .blas, .tiled] {
      try check(way, path, as: Float.self, ErrorBound.floatAbsolute, ErrorBound.floatRelative)
      try check(way, path, as: Double.self, 1e-12, 1e-12)
    }
  }

  private func check<Scalar: BLASScalar>(
    _ way: Way, _ path: AttentionPath, as type: Scalar.Type, _ absolute: Double, _ relative: Double
  ) throws {
    let (golden, file) = (way.golden, try Self.file.get())
    let input = try self.input(way, file, as: type)
    var request = RunRequest(scale: golden.scale, softcap: golden.softcap, stage: .probabilities, givesLogSumExp: true)
    request.path = path
    if golden.rank == 3 { (request.heads, request.keyValueHeads) = (golden.heads, golden.kvHeads) }
    if golden.causal { request.causality = way.placing == .bottomRight ? .bottomRight : .onnx }
    if let window = golden.window { request.window = try KeyWindow(argument: "\(window[0]),\(window[1])") }
    let result = try request(input.file()).file()
    for (name, expected) in [("output", "output"), ("scores", "weights"), ("log_sum_exp", "log_sum_exp")] {
      let expected = try file.tensor("\(golden.name)/\(expected)", as: Double.self)
      let comparison = Comparison(
        try result.tensor(name, as: type), expected.elements, shape: expected.shape, absolute: absolute,
        relative: relative)
      #expect(comparison.isWithin, "\(name), \(path.rawValue), \(type): \(comparison)")
    }
    if way.placing == .past {
      let keys: Tensor<Scalar> = try split(file.tensor("\(golden.name)/key", convertedTo: type), golden)
      let values: Tensor<Scalar> = try split(file.tensor("\(golden.name)/value", convertedTo: type), golden)
      #expect(try result.tensor("present_key", as: type) == keys)
      #expect(try result.tensor("present_value", as: type) == values)
    } else {
      #expect(!result.contains("present_key") && !result.contains("present_value"))
    }
  }

  private func split<Scalar>(_ tensor: Tensor<Scalar>, _ golden: Case) throws -> Tensor<Scalar> {
    golden.rank == 3 ? try tensor.splittingHeads(golden.kvHeads) : tensor
  }

  private func input<Scalar: BLASScalar>(_ way: Way, _ file: GoldenFile, as type: Scalar.Type) throws -> Sample {
    let golden = way.golden
    return try Sample { sample in
      try sample.set("query", file.tensor("\(golden.name)/query", convertedTo: type))
      for name in ["key", "value"] {
        let all = try file.tensor("\(golden.name)/\(name)", convertedTo: type)
        guard way.placing == .past else {
          try sample.set(name, all)
          continue
        }
        let length = golden.offsets?.first ?? 2
        let (whole, axis) = (try split(all, golden), all.rank - 2)
        try sample.set("past_\(name)", whole.sliced(axis: 2, 0..<length))
        try sample.set(name, all.sliced(axis: axis, length..<golden.keys))
      }
      if let lengths = golden.keyLengths { try sample.set("kv_lengths", lengths.map(Int64.init), [lengths.count]) }
      if golden.mask == "bool" { try sample.set("mask", file.tensor("\(golden.name)/mask", as: Bool.self)) }
      if golden.mask == "float" { try sample.set("mask", file.tensor("\(golden.name)/mask", as: Float.self)) }
    }
  }
}
