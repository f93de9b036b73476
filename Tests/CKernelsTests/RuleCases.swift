import Testing

/// A combination of rules, for arguments that describe themselves.
struct RuleCase: Sendable, CustomTestStringConvertible {
  var softcap = false
  var bias = false
  /// One bias row, or one row of keep, for all rows of scores.
  var shared = false
  var keep = false
  var ranges = false

  var testDescription: String {
    let parts = [
      softcap ? "softcap" : nil, bias ? "bias" : nil, keep ? "keep" : nil, ranges ? "ranges" : nil,
      shared ? "shared" : nil,
    ]
    let words = parts.compactMap(\.self)
    return words.isEmpty ? "no rules" : words.joined(separator: " + ")
  }

  /// Every combination; sharing only where there is something to share.
  static let all: [RuleCase] = (0..<32).compactMap { bits in
    let shared = bits & 16 != 0
    let rules = RuleCase(
      softcap: bits & 1 != 0, bias: bits & 2 != 0, shared: shared, keep: bits & 4 != 0, ranges: bits & 8 != 0)
    return shared && !rules.bias && !rules.keep ? nil : rules
  }

  /// Rules of this kind for a rows x cols tile: some biases -infinity, a third of the elements masked, ranges that are
  /// empty, whole and partial.
  func rules<T: KernelElement>(rows: Int, cols: Int, _ numbers: inout Numbers) -> Rules<T> {
    var rules = Rules<T>()
    let stride = shared ? 0 : cols + 2
    if softcap { rules.softcap = 2.5 }
    if bias {
      rules.biasStride = stride
      rules.bias = (0..<rows * (cols + 2)).map { $0 % 13 == 5 ? -.infinity : numbers.next(-3, 3) }
    }
    if keep {
      rules.keepStride = stride
      rules.keep = (0..<rows * (cols + 2)).map { _ in [0, 1, 255][Int(numbers.bits() % 3)] }
    }
    if ranges {
      rules.first = (0..<rows).map { _ in Int32(numbers.bits() % UInt64(cols + 1)) }
      rules.end = (0..<rows).map { $0 % 3 == 0 ? Int32(cols) : Int32(numbers.bits() % UInt64(cols + 1)) }
      rules.first?[rows - 1] = 0
      rules.end?[0] = -3
    }
    return rules
  }
}

/// Column counts for tests of every rule combination, of which each takes a few.
let someCounts = [0, 1, 2, 3, 5, 7, 8, 11, 15, 16, 17, 31, 33, 47, 61, 64, 67, 127, 130]

/// A tile of scores between -6 and 6.
func scores<T: KernelElement>(
  rows: Int, cols: Int, gap: Int, offset: Int, _ numbers: inout Numbers
) -> GuardedMatrix<T> {
  GuardedMatrix(rows: rows, cols: cols, gap: gap, offset: offset) { _, _ in numbers.next(-6, 6) }
}

/// The largest difference of scores() of rules(): twice of 6, and twice of a bias of 3.
let largestGap = 18.0
