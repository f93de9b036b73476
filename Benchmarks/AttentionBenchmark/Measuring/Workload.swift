internal import Attention

/// Something that can be computed in several ways on the same input: by a naive kernel, in Double, and by contenders.
///
/// The output is seen as rows of equal size, so that some of them can stand for all where all would take too long.
protocol Workload {
  var labels: CaseLabels { get }
  /// Floating-point operations that count.
  var usefulOperations: Double { get }
  /// Input and parameters by name, as they are exported.
  func tensors() throws -> [(name: String, tensor: Tensor<Float>)]
  /// The shape of the output, of rows of ``rowSize``.
  var outputShape: [Int] { get }
  var rowCount: Int { get }
  /// Numbers in a row of the output.
  var rowSize: Int { get }
  /// Operations that the naive kernel spends on some rows.
  func operations(ofRows rows: [Int]) -> Double

  /// Some rows by the naive kernel.
  func naiveRows(_ rows: [Int]) throws -> [Float]
  /// Some rows in Double.
  func exactRows(_ rows: [Int], workers: Int) throws -> [Double]
  /// The naive kernel over the whole output, on one thread.
  func naive() throws -> any Contender
  /// The whole output in the way asked for; nil where it does not have that way.
  func contender(_ path: BenchmarkPath, threads: Int) throws -> (any Contender)?
  /// Its steps one by one, to see the share of each; nil where it has none.
  func stages(threads: Int) throws -> LayerStages?
  /// Numbers of keys, and as many of values, that decoding must read: those attended at all. nil: no decoding.
  var decodedKeyCount: Int? { get }
  /// Where in the output's shape an element stands, such as [b, h, i, e].
  func index(row: Int, column: Int) -> [Int]
}

extension Workload {
  func stages(threads: Int) -> LayerStages? { nil }
  var decodedKeyCount: Int? { nil }
}

/// One way to compute a workload's output, into memory that is reused from run to run.
protocol Contender: AnyObject {
  /// What the report calls it.
  var path: String { get }
  var threads: Int { get }
  /// Memory that runs use besides inputs and output.
  var scratchBytes: Int { get }
  /// The path that the package's plan takes; nil for a kernel of the benchmark's own.
  var planPath: String? { get }
  func run() throws
  /// The output of the last run, row-major.
  func output() -> [Float]
}

extension Contender {
  var planPath: String? { nil }

  /// What a reader should know of it besides; nil: nothing.
  var remark: String? {
    guard path == BenchmarkPath.auto.rawValue, let planPath else { return nil }
    return "auto takes the \(planPath) path"
  }
}

/// What the report says of a case, in its own words and in the letters of an attention problem.
struct CaseLabels: Equatable, Sendable {
  var name: String
  var batch: Int
  var heads: Int
  var keyValueHeads: Int
  var queries: Int
  var keys: Int
  var headSize: Int
  var isCausal: Bool
}

/// What `--path` can ask for.
enum BenchmarkPath: String, CaseIterable, Sendable {
  case auto, reference, blas, tiled, fused, reproducible, unrolled

  /// The package's path; nil for a kernel of the benchmark's own.
  var planned: AttentionPath? {
    switch self {
    case .auto: .automatic
    case .reference: .reference
    case .blas: .blas
    case .tiled: .tiled
    case .fused, .reproducible: .fused
    case .unrolled: nil
    }
  }
}
