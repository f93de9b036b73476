internal import Tensors

/// A linear layer y = x·Wᵀ + b over the last axis.
///
/// ```swift
/// let layer = try Linear<Float>(inputSize: 3, outputSize: 5, seed: 1)
/// let y = try layer(x)  // [2, 7, 3] → [2, 7, 5]
/// ```
///
/// With an embedding size for out this is the affine embedding x′ = W·x + b of vectors x. Of a one-hot x it gives the
/// column of W at the 1, plus b, which ``Embedding`` looks up without multiplying.
///
/// Where vectors have 32 bytes or more (AVX2, AVX-512), a plan for more than 32 rows, or the first product of so many, packs a weight
/// of 64 rows or more: once for this layer, its copies and parts, which takes as much memory again. Later products then need not pack
/// it, as BLAS would each time. Which product comes first makes no difference to results.
///
/// - SeeAlso: PyTorch `torch.nn.Linear`, whose layout of the weight this is.
public struct Linear<Scalar: BLASScalar>: Sendable {
  /// W [out, in].
  public let weight: Tensor<Scalar>
  /// b [out]; nil: none.
  public let bias: Tensor<Scalar>?
  /// Distance between the rows of W in memory.
  private let leadingDimension: Int
  /// W for many rows, once there were any, or what W is a part of.
  let packedWeight: PackedWeight<Scalar>
  /// W's first row in that.
  private let firstFeature: Int

  /// in: the size of the last axis of what goes in.
  public var inputSize: Int { weight.layout.shape[1] }
  /// out: the size of the last axis of what comes out.
  public var outputSize: Int { weight.layout.shape[0] }

  /// A layer of given parameters, which are kept without copying where BLAS can read them as they lie; a packed copy for many rows
  /// comes beside them.
  ///
  /// - Parameters:
  ///   - weight: [out, in]; a part of the rows or columns of something larger is read in place.
  ///   - bias: [out]; nil: none.
  /// - Throws: ``AttentionError/rank(name:expected:shape:)``, ``AttentionError/shape(name:expected:actual:)``.
  public init(weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil) throws(AttentionError) {
    guard weight.rank == 2 else { throw .rank(name: "weight", expected: "2: [out, in]", shape: weight.shape) }
    if let bias, bias.shape != [weight.shape[0]] {
      throw .shape(name: "bias", expected: "[\(weight.shape[0])] to go with weight \(weight.shape)", actual: bias.shape)
    }
    let rows = try RowMatrix(weight)
    self.weight = rows.tensor
    leadingDimension = rows.leadingDimension
    packedWeight = PackedWeight(rows.tensor, leadingDimension: rows.leadingDimension)
    firstFeature = 0
    self.bias = try rethrowing { () throws(TensorError) in try bias?.contiguous() }
  }

  /// Some outputs of a layer, seen in place.
  init(_ whole: Linear, outputs: Range<Int>) throws(AttentionError) {
    (weight, bias) = try rethrowing { () throws(TensorError) in
      (try whole.weight.sliced(axis: 0, outputs), try whole.bias?.sliced(axis: 0, outputs))
    }
    (leadingDimension, packedWeight) = (whole.leadingDimension, whole.packedWeight)
    firstFeature = whole.firstFeature + outputs.lowerBound
  }

  /// A layer of freshly drawn parameters: weight and bias uniform in ±1/√in, as `torch.nn.Linear` draws them.
  ///
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a size below 1.
  public init(inputSize: Int, outputSize: Int, hasBias: Bool = true, seed: UInt64) throws(AttentionError) {
    for (name, size) in [("inputSize", inputSize), ("outputSize", outputSize)] where size < 1 {
      throw .argument(name: name, expected: "1 or more", actual: "\(size)")
    }
    var generator = Xoshiro256(seed: seed)
    let bound = 1 / Double(inputSize).squareRoot()
    let weight = try Initialization.uniform([outputSize, inputSize], bound: bound, as: Scalar.self, using: &generator)
    let bias =
      hasBias ? try Initialization.uniform([outputSize], bound: bound, as: Scalar.self, using: &generator) : nil
    try self.init(weight: weight, bias: bias)
  }

  /// x·Wᵀ + b for every row of `x`, by one matrix product over all of them.
  ///
  /// - Parameters:
  ///   - x: […, in]; views whose rows lie at equal distances are read in place.
  ///   - workers: threads to share the work; nil: ``/Tensors/Workers/count``.
  /// - Returns: […, out].
  /// - Throws: ``AttentionError`` when the last axis of `x` is not in, or `workers` is below 1.
  /// - Complexity: 2·rows·in·out operations; the first product of many rows copies the in·out numbers of W as well.
  public func callAsFunction(_ x: Tensor<Scalar>, workers: Int? = nil) throws(AttentionError) -> Tensor<Scalar> {
    try result(of: x, packs: true, workers: workers)
  }

  /// The same; without packing, many rows are BLAS's.
  package func result(
    of x: Tensor<Scalar>, packs: Bool, workers: Int?
  ) throws(AttentionError) -> Tensor<Scalar> {
    guard x.rank >= 1 else { throw .rank(name: "x", expected: "1 or more: […, \(inputSize)]", shape: x.shape) }
    guard x.layout.shape.last == inputSize else {
      throw .shape(name: "x", expected: "[…, \(inputSize)] to go with weight \(weight.shape)", actual: x.shape)
    }
    let count = try rethrowing { () throws(TensorError) in try Workers.resolved(workers) }
    let rows = try RowMatrix(x)
    let y = try rethrowing { () throws(TensorError) in
      try Tensor<Scalar>(uninitialized: Array(x.shape.dropLast()) + [outputSize])
    }
    try run(rows, into: y.storage.base, leadingDimension: outputSize, packs: packs, workers: count)
    return y
  }

  // MARK: In memory

  /// Writes x·Wᵀ + b, or some of its columns, into memory.
  ///
  /// Few rows are a kernel's that reads W as it lies, many rows one's that reads it packed; both add the bias to each sum. By BLAS
  /// the rows receive the bias first and the product adds to them (β = 1), each worker doing both for its own block: there is no
  /// second pass over the result.
  ///
  /// - Parameters:
  ///   - x: [rows, in].
  ///   - outputs: the rows of W, thus columns of the result, that are wanted; nil: all.
  ///   - target: receives [rows, outputs].
  ///   - leadingDimension: from one row of the target to the next.
  ///   - packs: whether many rows may have W packed; else they are BLAS's.
  /// - Throws: ``AttentionError/tensor(_:)`` for sizes beyond BLAS's 32-bit numbers, or when memory for the packed W is not given;
  ///   nothing is written then.
  // Called from unspecialised code of other modules: without this, pointers move by run-time strides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(
    _ x: RowMatrix<Scalar>, outputs: Range<Int>? = nil, into target: UnsafeMutablePointer<Scalar>,
    leadingDimension ldc: Int, packs: Bool = true, workers: Int
  ) throws(AttentionError) {
    let outputs = outputs ?? 0..<outputSize
    let (m, n, k) = (x.rows, outputs.count, inputSize)
    let gemm = try rethrowing { () throws(TensorError) in
      try GEMM<Scalar>(
        m: m, n: n, k: k, transposesB: true, lda: max(x.leadingDimension, 1), ldb: leadingDimension, ldc: max(ldc, 1),
        beta: bias == nil ? 0 : 1)
    }
    guard m > 0, n > 0 else { return }
    let w = UnsafePointer(weight.storage.base) + weight.layout.offset + outputs.lowerBound * leadingDimension
    let b = bias.map { UnsafePointer($0.storage.base) + $0.layout.offset + outputs.lowerBound }
    let a = x.base
    if gemm.isOfFewRows {
      gemm.runFewRows(a, w, target, adding: b, stride: 0, workers: workers)
      return withExtendedLifetime((x.tensor, weight, bias)) {}
    }
    if packs, packedWeight.isWanted(rows: m) {
      let features = (firstFeature + outputs.lowerBound)..<(firstFeature + outputs.upperBound)
      try packedWeight.packed().multiply(
        a, lda: gemm.lda, rows: m, features: features, adding: b, into: target, ldc: ldc, workers: workers)
      return withExtendedLifetime((x.tensor, weight, bias)) {}
    }
    let product = LinearProduct(
      arithmetic: Scalar.arithmetic, gemm: gemm,
      blocks: LinearBlocks(rows: m, columns: n, work: Double(m) * Double(n) * Double(k), workers: workers), x: a,
      weight: w,
      bias: b, target: target)
    FanOut.run(product, pieces: product.blocks.count, workers: workers)
    withExtendedLifetime((x.tensor, weight, bias)) {}
  }
}
