import Attention
import Checkpoints
import ONNXConventions
import Support
import Testing

@testable import AttentionTool

/// What `run` makes of options and tensors, against numbers by hand and the library's own results.
@Suite struct RunRequestTests {
  /// One head of size 1, two queries and three keys: scores are q·k, values 1, 2, 4.
  private func tiny(_ more: (inout Sample) throws -> Void = { _ in }) throws -> SafetensorsFile {
    try Sample {
      try $0.set("query", [Double]([0, 1]), [1, 1, 2, 1])
      try $0.set("key", [Double]([0, 1, -1]), [1, 1, 3, 1])
      try $0.set("value", [Double]([1, 2, 4]), [1, 1, 3, 1])
      try more(&$0)
    }.file()
  }

  private func output(_ request: RunRequest, _ file: SafetensorsFile) throws -> [Double] {
    try request(file).file().tensor("output", convertedTo: Double.self).elements
  }

  private func expectEqual(
    _ actual: [Double], _ expected: [Double], within tolerance: Double = 1e-12,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let comparison = Comparison(actual, expected, shape: [expected.count], absolute: tolerance)
    #expect(comparison.isWithin, "\(comparison)", sourceLocation: sourceLocation)
  }

  @Test func aFlatRowIsTheMeanOfTheValues() throws {
    let e = 2.718281828459045
    let second = (1 + 2 * e + 4 / e) / (1 + e + 1 / e)
    expectEqual(try output(RunRequest(), tiny()), [7.0 / 3, second])
  }

  @Test func scaleMayBeNegativeOrZero() throws {
    let e = 2.718281828459045
    let second = (1 + 2 / e + 4 * e) / (1 + e + 1 / e)
    expectEqual(try output(RunRequest(scale: -1), tiny()), [7.0 / 3, second])
    expectEqual(try output(RunRequest(scale: 0), tiny()), [7.0 / 3, 7.0 / 3])
  }

  @Test func causalStartsAtKeyZero() throws {
    let first = try output(RunRequest(causality: .onnx), tiny())[0]
    expectEqual([first], [1])
    // With the last query at the last key, query 0 stands at key 1.
    expectEqual([try output(RunRequest(causality: .bottomRight), tiny())[0]], [1.5])
  }

  @Test func windowsAreUnboundedAtMinusOne() throws {
    let window = { (text: String) in RunRequest(scale: 0, window: try KeyWindow(argument: text)) }
    expectEqual(try output(window("0,0"), tiny()), [1, 2])
    expectEqual(try output(window("0,1"), tiny()), [1.5, 3])
    expectEqual(try output(window("-1,0"), tiny()), [1, 1.5])
    expectEqual(try output(window("0,-1"), tiny()), [7.0 / 3, 3])
    expectEqual(try output(window("-1,-1"), tiny()), [7.0 / 3, 7.0 / 3])
    // A window beside --causal-bottom-right counts from the same places, keys 1 and 2.
    var both = try window("0,-1")
    both.causality = .bottomRight
    expectEqual(try output(both, tiny()), [2, 4])
  }

  @Test func masksKeepOrAdd() throws {
    let flat = RunRequest(scale: 0)
    expectEqual(try output(flat, tiny { try $0.set("mask", [true, false, true], [3]) }), [2.5, 2.5])
    // A last dimension of 1 is short, not broadcast: keys 1 and 2 are masked.
    expectEqual(try output(flat, tiny { try $0.set("mask", [true, true], [2, 1]) }), [1, 1])
    // A row with nothing to attend is 0.
    expectEqual(try output(flat, tiny { try $0.set("mask", [true, true, false, false], [2, 2]) }), [1.5, 0])
    let bias: [Float] = [0, -.infinity, 0, -.infinity, -.infinity, -.infinity]
    expectEqual(try output(flat, tiny { try $0.set("mask", bias, [2, 3]) }), [2.5, 0])
    let half = try tiny { try $0.set("mask", [Float16(0), 0], [2]) }
    expectEqual(try output(flat, half), [1.5, 1.5])
  }

  @Test func keyLengthsMaskAndPlaceTheQueries() throws {
    let file = try tiny { try $0.set("kv_lengths", [Int32(2)], [1]) }
    expectEqual(try output(RunRequest(scale: 0), file), [1.5, 1.5])
    // Offset 2 − 2 = 0.
    expectEqual(try output(RunRequest(scale: 0, causality: .onnx), file), [1, 1.5])
    expectEqual(try output(RunRequest(scale: 0, causality: .bottomRight), file), [1, 1.5])
    // Offset 1 − 2 = −1: query 0 stands before the first key.
    let one = try tiny { try $0.set("kv_lengths", [Int64(1)], [1]) }
    expectEqual(try output(RunRequest(scale: 0, causality: .onnx), one), [0, 1])
  }

  @Test func aPastComesFirst() throws {
    let file = try tiny {
      try $0.set("past_key", [Double]([5, 5]), [1, 1, 2, 1])
      try $0.set("past_value", [Double]([8, 10]), [1, 1, 2, 1])
    }
    expectEqual(try output(RunRequest(scale: 0), file), [5, 5])
    // Query 0 stands at key 2: 8, 10, 1.
    let result = try RunRequest(scale: 0, causality: .onnx)(file).file()
    expectEqual(try result.tensor("output", as: Double.self).elements, [19.0 / 3, 21.0 / 4])
    #expect(try result.tensor("present_key", as: Double.self) == Tensor([5, 5, 0, 1, -1], shape: [1, 1, 5, 1]))
    #expect(try result.tensor("present_value", as: Double.self) == Tensor([8, 10, 1, 2, 4], shape: [1, 1, 5, 1]))
    // The mask covers past and new keys.
    let masked = try Sample {
      for name in ["query", "key", "value", "past_key", "past_value"] {
        try $0.set(name, file.tensor(name, as: Double.self))
      }
      try $0.set("mask", [false, true], [2])
    }.file()
    expectEqual(try output(RunRequest(scale: 0), masked), [10, 10])
  }

  @Test func stagesShowTheScoresOnTheirWay() throws {
    let file = try tiny { try $0.set("mask", [true, false, true], [3]) }
    func scores(_ stage: ScoreStage) throws -> Tensor<Double> {
      let result = try RunRequest(scale: 2, softcap: 1.5, stage: stage)(file).file()
      #expect(result.names.sorted() == ["output", "scores"])
      return try result.tensor("scores", as: Double.self)
    }
    let capped = 1.5 * 0.8700616617426719  // tanh(2 / 1.5)
    let power = 0.27114745474887536  // e to the power of −capped
    #expect(try scores(.raw) == Tensor([0, 0, 0, 0, 2, -2], shape: [1, 1, 2, 3]))
    expectEqual(try scores(.softcap).elements, [0, 0, 0, 0, capped, -capped])
    expectEqual(try scores(.bias).elements, [0, -.infinity, 0, 0, -.infinity, -capped])
    expectEqual(
      try scores(.probabilities).elements, [0.5, 0, 0.5, 1 / (1 + power), 0, power / (1 + power)])
  }

  @Test func logSumExpIsMinusInfinityForAnEmptyRow() throws {
    let file = try tiny { try $0.set("mask", [true, true, true, false, false, false], [2, 3]) }
    let result = try RunRequest(scale: 0, givesLogSumExp: true)(file).file()
    let logSumExp = try result.tensor("log_sum_exp", as: Double.self)
    #expect(logSumExp.shape == [1, 1, 2])
    expectEqual(logSumExp.elements, [1.0986122886681098, -.infinity])
  }

  @Test func figuresAreThoseOfTheProbabilities() throws {
    let file = try tiny { try $0.set("mask", [true, true, true, false, false, false], [2, 3]) }
    let inspection = AttentionInspection([.entropy, .maximum, .keyTotals], topKeys: 2)
    let result = try RunRequest(scale: 0, inspection: inspection)(file).file()
    let third = 1.0 / 3
    for (name, shape, expected) in [
      ("entropy", [1, 1, 2], [1.0986122886681098, 0]), ("maximum_weight", [1, 1, 2], [third, 0]),
      ("top_weights", [1, 1, 2, 2], [third, third, 0, 0]), ("key_totals", [1, 1, 3], [third, third, third]),
    ] {
      let tensor = try result.tensor(name, as: Double.self)
      #expect(tensor.shape == shape)
      expectEqual(tensor.elements, expected)
    }
    #expect(try result.tensor("maximum_key", as: Int64.self) == Tensor([0, -1], shape: [1, 1, 2]))
    #expect(try result.tensor("top_keys", as: Int64.self) == Tensor([0, 1, -1, -1], shape: [1, 1, 2, 2]))
    #expect(try RunRequest()(file).file().names == ["output"])
  }

  /// A type of query, and the type that is computed in without `--precision`.
  @Test(arguments: [ElementType.float64, .float32, .float16, .bfloat16], [nil, Precision.f32, .f64])
  func theOutputHasTheQueriesType(type: ElementType, precision: Precision?) throws {
    let element = try #require(type.realElement)
    let file = try Sample { sample in
      for (name, shape) in [("query", [1, 2, 5, 3]), ("key", [1, 2, 7, 3]), ("value", [1, 2, 7, 5])] {
        func set<Element: RealElement>(_ element: Element.Type) throws {
          try sample.set(name, Sample.random(name, shape).converted(to: element))
        }
        try set(element)
      }
    }.file()
    let result = try RunRequest(stage: .raw, givesLogSumExp: true, precision: precision, explains: true)(file)
    let out = try result.file()
    #expect(try out.entry("output").type == type)
    #expect(try out.entry("scores").type == type)
    let inDouble = precision == .f64 || (precision == nil && type == .float64)
    #expect(try out.entry("log_sum_exp").type == (inDouble ? .float64 : .float32))
    #expect(result.explanation.contains(inDouble ? "Double" : "Float"))
    // The same inputs in Double, rounded once at the end.
    let exact = try scaledDotProductAttention(
      queries: file.tensor("query", convertedTo: Double.self), keys: file.tensor("key", convertedTo: Double.self),
      values: file.tensor("value", convertedTo: Double.self))
    let roundings: [ElementType: Double] = [.float64: 1e-12, .float32: 1e-6, .float16: 1e-3, .bfloat16: 1e-2]
    let rounding = try #require(roundings[type])
    let comparison = Comparison(
      try out.tensor("output", convertedTo: Double.self), exact.doubles, shape: exact.shape,
      absolute: inDouble ? rounding : max(rounding, 1e-6))
    #expect(comparison.isWithin, "\(comparison)")
  }

  @Test func typesMayDiffer() throws {
    let file = try Sample {
      try $0.set("query", Sample.random("query", [1, 2, 5, 3]))
      try $0.set("key", Sample.random("key", [1, 2, 7, 3]).converted(to: BFloat16.self))
      try $0.set("value", Sample.random("value", [1, 2, 7, 3]).inDouble)
    }.file()
    #expect(try RunRequest()(file).file().entry("output").type == .float32)
  }

  @Test(arguments: AttentionPath.allCases, [1, 2, 3])
  func pathsAndThreadsGiveTheLibrarysNumbers(path: AttentionPath, threads: Int) throws {
    let sample = try Sample { try $0.setInputs(queries: 31, keys: 37) }
    let file = try sample.file()
    let result = try RunRequest(path: path, threads: threads, explains: true)(file)
    let library = try scaledDotProductAttention(
      queries: file.tensor("query", as: Float.self), keys: file.tensor("key", as: Float.self),
      values: file.tensor("value", as: Float.self), path: path, workers: threads)
    #expect(try result.file().tensor("output", as: Float.self).isBitwiseEqual(to: library))
    if path != .automatic {
      #expect(result.explanation.contains("path       \(path.rawValue): asked for"), "\(result.explanation)")
    }
    #expect(result.explanation.contains("of \(threads) workers"), "\(result.explanation)")
  }

  @Test func joinedHeadsNeedTheirNumber() throws {
    let file = try Sample {
      try $0.set("query", random: [2, 5, 6 * 11])
      try $0.set("key", random: [2, 7, 3 * 11])
      try $0.set("value", random: [2, 7, 3 * 13])
    }.file()
    let output = try RunRequest(heads: 6, keyValueHeads: 3)(file).file().tensor("output", as: Float.self)
    let library = try scaledDotProductAttention(
      queries: file.tensor("query", as: Float.self), keys: file.tensor("key", as: Float.self),
      values: file.tensor("value", as: Float.self), heads: 6, keyValueHeads: 3)
    #expect(output.shape == [2, 5, 6 * 13])
    #expect(output.isBitwiseEqual(to: library))
    #expect(throws: ToolFailure.usage("query has shape [2, 5, 66], [B, L, H·D] of rank 3, which needs --heads H")) {
      try RunRequest()(file)
    }
    #expect(
      throws: AttentionError.shape(
        name: "key",
        expected: "a last dimension divisible by 6 heads (query has shape [2, 5, 66]); "
          + "without --kv-heads it has 6 heads",
        actual: [2, 7, 33])
    ) { try RunRequest(heads: 6)(file) }
  }

  @Test func emptyTensorsGiveEmptyOrZeroOutputs() throws {
    let noBatch = try Sample { try $0.setInputs(batch: 0) }.file()
    #expect(try RunRequest()(noBatch).file().entry("output").shape == [0, 6, 5, 13])
    let noKeys = try Sample { try $0.setInputs(keys: 0) }.file()
    #expect(try RunRequest()(noKeys).file().tensor("output", as: Float.self) == Tensor(zeros: [2, 6, 5, 13]))
  }
}
