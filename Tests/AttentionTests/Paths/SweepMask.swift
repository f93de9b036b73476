import Attention
import Support

/// The kinds of mask that the sweep takes every path through.
enum SweepMask: String, CaseIterable, Sendable {
  case none, causalStart, causalEnd, causalOffset, causalOffsets, window, windowLeft, windowRight, windowCausal
  case keyLengths, causalKeyLengths
  case keepKeys, keepRows, keepHeads, keepBatch, keepAll, keepOneKey
  case biasKeys, biasRows, biasHeads, biasBatch, biasAll
  case causalKeep, causalBias, keepKeep, biasBias, everything

  /// Those whose masks or biases differ by head.
  static let byHead: [SweepMask] = [.keepHeads, .keepAll, .biasHeads, .biasAll, .biasBias]

  /// Causal ones and windows.
  var hasEdge: Bool { rawValue.hasPrefix("causal") || rawValue.hasPrefix("window") || self == .everything }
}

/// A mask for the package, and the same drawn up anew, element by element, for the oracle.
struct SweepMaskValue<Scalar: BLASScalar> {
  private(set) var mask = AttentionMask<Scalar>.none
  private(set) var alignment: QueryAlignment?
  private var offsets: [Int]?
  private var isCausal = false
  private var left: Int?
  private var right: Int?
  private var lengths: [Int]?
  private var keeps: [(elements: [Bool], strides: [Int])] = []
  private var biases: [(elements: [Double], strides: [Int])] = []

  init(_ kind: SweepMask, _ sizes: SweepSizes, _ random: inout SeededGenerator) throws {
    let (b, h, l, s) = (sizes.batch, sizes.heads, sizes.queries, sizes.keys)
    let someOffset = random.integer(-2, max(s - 1, 0))
    let width = random.integer(0, max(1, s / 3))
    let end = QueryAlignment.end
    switch kind {
    case .none: break
    case .causalStart: addCausal(.start, [Int](repeating: 0, count: b))
    case .causalEnd: addCausal(end, [Int](repeating: s - l, count: b))
    case .causalOffset: addCausal(.offset(someOffset), [Int](repeating: someOffset, count: b))
    case .causalOffsets:
      let offsets = (0..<b).map { _ in random.integer(-2, s) }
      addCausal(.offsets(offsets), offsets)
    case .window:
      addWindow(left: width, right: width / 2, end, [Int](repeating: s - l, count: b))
    case .windowLeft: addWindow(left: width, right: nil, .start, [Int](repeating: 0, count: b))
    case .windowRight:
      addWindow(left: nil, right: width, .offset(someOffset), [Int](repeating: someOffset, count: b))
    case .windowCausal:
      addCausal(end, [Int](repeating: s - l, count: b))
      addWindow(left: width, right: 1, end, [Int](repeating: s - l, count: b))
    case .keyLengths: addLengths((0..<b).map { _ in random.integer(0, s) })
    case .causalKeyLengths:
      let lengths = (0..<b).map { _ in random.integer(0, s) }
      addLengths(lengths)
      addCausal(end, lengths.map { $0 - l })
    case .keepKeys: try addKeep([s], &random)
    case .keepRows: try addKeep([l, s], &random)
    case .keepHeads: try addKeep([h, l, s], &random)
    case .keepBatch: try addKeep([b, 1, 1, s], &random)
    case .keepAll: try addKeep([b, h, l, s], &random)
    case .keepOneKey: try addKeep([b, h, l, 1], &random)
    case .biasKeys: try addBias([s], &random)
    case .biasRows: try addBias([l, s], &random)
    case .biasHeads: try addBias([1, h, l, s], &random)
    case .biasBatch: try addBias([b, 1, l, s], &random)
    case .biasAll: try addBias([b, h, l, s], &random, masking: 0.3)
    case .causalKeep:
      addCausal(end, [Int](repeating: s - l, count: b))
      try addKeep([h, 1, s], &random)
    case .causalBias:
      addCausal(end, [Int](repeating: s - l, count: b))
      try addBias([h, l, s], &random, masking: 0.1)
    case .keepKeep:
      try addKeep([l, s], &random)
      try addKeep([b, h, 1, 1], &random)
    case .biasBias:
      try addBias([h, 1, s], &random)
      try addBias([b, 1, l, 1], &random, masking: 0.1)
    case .everything:
      addLengths((0..<b).map { _ in random.integer(s / 2, s) })
      addCausal(.offset(someOffset), [Int](repeating: someOffset, count: b))
      addWindow(left: width, right: nil, .offset(someOffset), [Int](repeating: someOffset, count: b))
      try addKeep([b, 1, l, s], &random)
      try addBias([h, 1, s], &random)
    }
  }

  /// Whether there is anything for the oracle to ask.
  var isUnrestricted: Bool { !isCausal && left == nil && right == nil && lengths == nil && keeps.isEmpty }
  var hasBias: Bool { !biases.isEmpty }

  func isAttended(_ b: Int, _ h: Int, _ i: Int, _ j: Int) -> Bool {
    if let lengths, j >= lengths[b] { return false }
    let place = (offsets?[b] ?? 0) + i
    if isCausal, j > place { return false }
    if let left, j < place - left { return false }
    if let right, j > place + right { return false }
    for keep in keeps where !keep.elements[Self.position(keep.strides, b, h, i, j)] { return false }
    return true
  }

  func bias(_ b: Int, _ h: Int, _ i: Int, _ j: Int) -> Double {
    var sum = 0.0
    for bias in biases { sum += bias.elements[Self.position(bias.strides, b, h, i, j)] }
    return sum
  }

  private static func position(_ strides: [Int], _ b: Int, _ h: Int, _ i: Int, _ j: Int) -> Int {
    b * strides[0] + h * strides[1] + i * strides[2] + j * strides[3]
  }

  /// Distances for an index (b, h, i, j) into a row-major array of a right-aligned shape; 0 where it repeats.
  private static func strides(_ shape: [Int]) -> [Int] {
    var strides = [0, 0, 0, 0]
    var stride = 1
    for (axis, size) in zip((0..<4).reversed(), shape.reversed()) {
      if size > 1 { strides[axis] = stride }
      stride *= size
    }
    return strides
  }

  private mutating func addCausal(_ alignment: QueryAlignment, _ offsets: [Int]) {
    mask = mask & .causal
    (isCausal, self.alignment, self.offsets) = (true, alignment, offsets)
  }

  private mutating func addWindow(left: Int?, right: Int?, _ alignment: QueryAlignment, _ offsets: [Int]) {
    mask = mask & .window(left: left, right: right)
    (self.left, self.right, self.alignment, self.offsets) = (left, right, alignment, offsets)
  }

  private mutating func addLengths(_ lengths: [Int]) {
    mask = mask & .keyLengths(lengths)
    self.lengths = lengths
  }

  /// Of the rows of keys some have all, some none, and the others some true.
  private mutating func addKeep(_ shape: [Int], _ random: inout SeededGenerator) throws {
    let row = shape[shape.count - 1]
    var elements: [Bool] = []
    for _ in 0..<(shape.dropLast().reduce(1, *)) {
      let probability = [0, 1, 0.5, 0.9, 0.7][random.integer(0, 4)]
      for _ in 0..<row { elements.append(random.uniform() < probability) }
    }
    mask = mask & .keep(try Tensor(elements, shape: shape))
    keeps.append((elements, Self.strides(shape)))
  }

  private mutating func addBias(_ shape: [Int], _ random: inout SeededGenerator, masking: Double = 0) throws {
    var elements: [Double] = []
    for _ in 0..<shape.reduce(1, *) {
      elements.append(random.uniform() < masking ? -.infinity : random.uniform(-3, 3))
    }
    let tensor = try Tensor<Double>(elements, shape: shape).converted(to: Scalar.self)
    mask = mask & .bias(tensor)
    biases.append((tensor.doubles, Self.strides(shape)))
  }
}
