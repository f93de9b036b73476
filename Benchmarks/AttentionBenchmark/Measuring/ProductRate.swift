internal import Attention

/// The rate of a large matrix product on so many threads: what attention is held against.
struct ProductRate {
  let threads: Int
  private let product: GEMM<Float>
  private let a: [Float]
  private let b: [Float]
  private var c: [Float]
  private var measurement = Measurement()

  /// - Parameter size: rows and columns of all three matrices.
  init(threads: Int, size: Int = 1024) throws {
    self.threads = threads
    product = try GEMM(m: size, n: size, k: size)
    var numbers = Xoshiro256(seed: 0, stream: "product")
    a = try numbers.normal(size * size)
    b = try numbers.normal(size * size)
    c = [Float](repeating: 0, count: size * size)
  }

  /// Takes one sample; those taken with `isWarmUp` are not counted.
  mutating func sample(isWarmUp: Bool = false) throws {
    let (a, b, product, workers, clock) = (a, b, product, threads, ContinuousClock())
    let start = clock.now
    var target = c.mutableSpan
    try product(a.span, b.span, into: &target, workers: workers)
    let duration = clock.now - start
    if !isWarmUp { measurement.append(duration / .seconds(1)) }
  }

  /// GFLOP/s by the median; nil without samples.
  var gigaflops: Double? {
    let size = Double(product.m)
    return measurement.median.map { 2 * size * size * size / $0 / 1e9 }
  }
}
