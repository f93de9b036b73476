/// Which distances j − p are attended: those in −left…right that are multiples of a step.
///
/// In a block of queries and keys that follow each other every distance between the smallest and the largest occurs, so that
/// looking at distances settles the block.
struct DistanceRule: MaskRule {
  enum Name: String { case causal, window, dilatedWindow, strided }

  private let name: Name
  private let left: Int?
  private let right: Int?
  private let givenStep: Int
  private let step: Int
  /// The attended distances, but for the step.
  private let distances: ClosedRange<Int>

  init(_ name: Name, left: Int?, right: Int?, step: Int) {
    self.name = name
    self.left = left == -1 ? nil : left
    self.right = right == -1 ? nil : right
    givenStep = step
    // Places are below 2⁴¹ in magnitude, so that this is as good as unbounded.
    let limit = 4 * QueryAlignment.limit
    self.step = min(step, limit)
    distances = -min(max(self.left ?? limit, 0), limit)...min(max(self.right ?? limit, 0), limit)
  }

  var description: String {
    let sides = "left: \(left.map(String.init) ?? "∞"), right: \(right.map(String.init) ?? "∞")"
    return switch name {
    case .causal: "causal"
    case .window: "window(\(sides))"
    case .dilatedWindow: "dilatedWindow(\(sides), dilation: \(givenStep))"
    case .strided: "strided(\(givenStep))"
    }
  }

  var needsAlignment: Bool { true }

  func validate(for shape: AttentionShape) throws(AttentionError) {
    try check("window left", left)
    try check("window right", right)
    guard givenStep > 0 else {
      throw .argument(
        name: name == .strided ? "stride" : "dilation", expected: "1 or more", actual: "\(givenStep)")
    }
  }

  private func check(_ name: String, _ width: Int?) throws(AttentionError) {
    if let width, width < 0 {
      throw .argument(name: name, expected: "0 or more, or -1 for unbounded", actual: "\(width)")
    }
  }

  func coverage(of block: PatternBlock) -> MaskCoverage {
    let places = block.places
    let smallest = block.keys.lowerBound - (places.upperBound - 1)
    let largest = block.keys.upperBound - 1 - places.lowerBound
    let (low, high) = (max(smallest, distances.lowerBound), min(largest, distances.upperBound))
    guard low <= high, firstMultiple(from: low) <= high else { return .none }
    // One distance alone may be a multiple of the step; two in a row only of 1.
    return low == smallest && high == largest && (step == 1 || low == high) ? .all : .part
  }

  func span(of block: PatternBlock) -> Range<Int> {
    let places = block.places
    let low = places.lowerBound + distances.lowerBound
    return block.keys.clamped(to: low..<(places.upperBound + distances.upperBound))
  }

  func count(of row: PatternRow) -> Int? {
    let low = max(row.keys.lowerBound - row.place, distances.lowerBound)
    let high = min(row.keys.upperBound - 1 - row.place, distances.upperBound)
    let first = firstMultiple(from: low)
    return first <= high ? (high - first) / step + 1 : 0
  }

  func fill(_ row: PatternRow, into target: UnsafeMutablePointer<Bool>) {
    let place = row.place
    let attended = row.keys.clamped(to: (place + distances.lowerBound)..<(place + distances.upperBound + 1))
    if step == 1 { return fill(row, into: target, attending: attended) }
    target.update(repeating: false, count: row.keys.count)
    var key = place + firstMultiple(from: attended.lowerBound - place)
    while key < attended.upperBound {
      target[key - row.keys.lowerBound] = true
      key += step
    }
  }

  /// The smallest multiple of the step that is not below a distance.
  private func firstMultiple(from distance: Int) -> Int { -((-distance).floorDivided(by: step)) * step }
}
