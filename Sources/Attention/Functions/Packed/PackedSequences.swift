/// Sequences of different lengths laid end to end, without padding: sequence b is rows offsets[b] ..< offsets[b + 1].
///
/// ```swift
/// let sequences = try PackedSequences(lengths: [3, 5])  // offsets 0, 3, 8
/// ```
public struct PackedSequences: Sendable, Hashable {
  /// Cumulative: 0, then the end of each sequence [B + 1] (`cu_seqlens` elsewhere).
  public let offsets: [Int]
  /// The longest sequence; 0 without any.
  public let longest: Int

  /// - Parameter offsets: 0, then the end of each sequence, ascending; equal neighbours are an empty sequence.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for offsets that do not begin at 0 or descend.
  public init(offsets: [Int]) throws(AttentionError) {
    guard offsets.first == 0 else {
      throw .argument(
        name: "sequence offsets", expected: "0 and then the end of each sequence",
        actual: offsets.first.map { "beginning at \($0)" } ?? "empty")
    }
    var longest = 0
    for (sequence, (start, end)) in zip(offsets, offsets.dropFirst()).enumerated() {
      guard end >= start else {
        throw .argument(
          name: "end of sequence \(sequence)", expected: "\(start) or more, where it begins", actual: "\(end)")
      }
      longest = max(longest, end - start)
    }
    self.offsets = offsets
    self.longest = longest
  }

  /// - Parameter lengths: [B], 0 or more each.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a negative length or a sum beyond `Int`.
  public init(lengths: [Int]) throws(AttentionError) {
    var offsets = [0]
    offsets.reserveCapacity(lengths.count + 1)
    var end = 0
    for (sequence, length) in lengths.enumerated() {
      let (sum, overflows) = end.addingReportingOverflow(length)
      guard length >= 0, !overflows else {
        throw .argument(
          name: "length of sequence \(sequence)", expected: "0 or more, with a sum within Int", actual: "\(length)")
      }
      end = sum
      offsets.append(end)
    }
    try self.init(offsets: offsets)
  }

  /// B: how many sequences.
  public var count: Int { offsets.count - 1 }
  /// Rows of all sequences.
  public var total: Int { offsets[offsets.count - 1] }
  /// Rows of a sequence.
  public func length(_ sequence: Int) -> Int { offsets[sequence + 1] - offsets[sequence] }
  /// Rows of each sequence [B].
  public var lengths: [Int] { zip(offsets.dropFirst(), offsets).map { $0 - $1 } }
}
