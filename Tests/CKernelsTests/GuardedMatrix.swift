/// A row-major matrix inside a larger buffer whose other elements hold a guard value that no kernel may change.
struct GuardedMatrix<T: KernelElement> {
  static var guardValue: T { 12_345 }
  /// Elements before the matrix and after it.
  static var margin: Int { 70 }

  let rows: Int
  let cols: Int
  let ld: Int
  private let start: Int
  private var buffer: [T]

  /// - Parameter offset: by how many elements the first one is moved from the buffer's alignment.
  init(rows: Int, cols: Int, gap: Int = 0, offset: Int = 0, element: (_ row: Int, _ col: Int) -> T) {
    self.rows = rows
    self.cols = cols
    ld = cols + gap
    start = Self.margin + offset
    buffer = Array(repeating: Self.guardValue, count: start + rows * ld + Self.margin)
    for row in 0..<rows {
      for col in 0..<cols { self[row, col] = element(row, col) }
    }
  }

  subscript(row: Int, col: Int) -> T {
    get { buffer[start + row * ld + col] }
    set { buffer[start + row * ld + col] = newValue }
  }

  func row(_ row: Int) -> [T] { (0..<cols).map { self[row, $0] } }

  mutating func withPointer(_ body: (UnsafeMutablePointer<T>) -> Void) {
    buffer.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { body(base + start) } }
  }

  /// The buffer's indices, relative to the matrix, of guard values that have changed.
  var damage: [Int] {
    buffer.indices.filter { index in
      let place = index - start
      let inside = place >= 0 && ld > 0 && place / ld < rows && place % ld < cols
      return !inside && buffer[index] != Self.guardValue
    }.map { $0 - start }
  }
}

/// Reproducible numbers: SplitMix64 (Steele, Lea and Flood 2014).
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in [low, high).
  mutating func next<T: KernelElement>(_ low: Double, _ high: Double) -> T {
    T(low + (high - low) * Double(bits() >> 11) * 0x1p-53)
  }
}
