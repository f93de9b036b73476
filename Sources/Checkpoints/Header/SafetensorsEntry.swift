/// What a file's header says about one tensor.
public struct SafetensorsEntry: Equatable, Sendable, CustomStringConvertible {
  /// The tensor's name, unique in the file.
  public let name: String
  /// The type of its elements.
  public let type: ElementType
  /// The size of each axis; `[]` for a scalar, 0 somewhere for an empty tensor.
  public let shape: [Int]
  /// Where its bytes lie, counted from the start of the data (which follow the header).
  public let dataOffsets: Range<Int>

  public var description: String { "\(name.debugDescription) \(type) \(shape)" }
}
