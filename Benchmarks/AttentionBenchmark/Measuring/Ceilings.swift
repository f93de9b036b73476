internal import Attention

/// What the paths are held against, measured in turn with them: a large matrix product, the FMA peak, and for decoding the read
/// bandwidth, each on every number of threads.
struct Ceilings {
  private var products: [ProductRate] = []
  private var peaks: [PeakRate] = []
  private var reads: [ReadRate] = []

  /// - Parameters:
  ///   - workload: whose footprint is read, if it is decoding.
  ///   - runner: which of them are wanted, and how large.
  ///   - threads: on which numbers of threads.
  init(for workload: some Workload, _ runner: CaseRunner, threads: [Int]) throws {
    if runner.companions.contains(.product) {
      products = try threads.map { try ProductRate(threads: $0, size: runner.productSize) }
    }
    guard runner.companions.contains(.roofline) else { return }
    peaks = threads.compactMap { PeakRate(threads: $0) }
    guard let count = workload.decodedKeyCount else { return }
    let (keys, values) = (
      try Tensor<Float>(repeating: 1, shape: [count]), try Tensor<Float>(repeating: 1, shape: [count])
    )
    reads = threads.compactMap { ReadRate(threads: $0, keys: keys, values: values) }
  }

  /// What the first runs find cold is not counted.
  mutating func warmUp() throws {
    for index in products.indices { try products[index].sample(isWarmUp: true) }
    for index in peaks.indices { peaks[index].sample(isWarmUp: true) }
  }

  /// Takes one sample of each.
  mutating func sample() throws {
    for index in products.indices { try products[index].sample() }
    for index in peaks.indices { peaks[index].sample() }
    for index in reads.indices { reads[index].sample() }
  }

  /// GFLOP/s of the matrix product; nil where it was not wanted.
  func product(threads: Int) -> Double? { products.first { $0.threads == threads }?.gigaflops }
  /// GFLOP/s of multiply-adds in registers.
  func peak(threads: Int) -> Double? { peaks.first { $0.threads == threads }?.gigaflops }
  /// GB/s of reading; nil where the workload is no decoding.
  func read(threads: Int) -> Double? { reads.first { $0.threads == threads }?.gigabytes }
}
