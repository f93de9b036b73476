internal import Attention
internal import Checkpoints
internal import ONNXConventions

/// `past_key` [B, G, P, D] and `past_value` [B, G, P, Dv]: keys and values of earlier calls, to stand before the new ones.
struct KeyValuePast: Sendable {
  /// P
  let length: Int
  private let file: SafetensorsFile
  private let keyValueHeads: Int
  private let keyShape: [Int]

  /// - Returns: nil when the file has neither.
  /// - Throws: when it has one of them only, or their shapes do not go with the new keys and values.
  init?(_ file: SafetensorsFile, keyValueHeads: Int) throws {
    guard file.contains("past_key") || file.contains("past_value") else { return nil }
    let key = try file.entry("past_key").shape
    let value = try file.entry("past_value").shape
    try Self.check("past_key", key, goesWith: "key", file, keyValueHeads)
    try Self.check("past_value", value, goesWith: "value", file, keyValueHeads)
    guard value[2] == key[2] else {
      throw AttentionError.shape(
        name: "past_value", expected: "\(key[2]) rows to go with past_key \(key)", actual: value)
    }
    length = key[2]
    (self.file, self.keyValueHeads, keyShape) = (file, keyValueHeads, key)
  }

  /// The sizes of a problem with the past's keys before its own.
  ///
  /// - Throws: for more keys than a problem can have; a past without elements may have any number.
  func prepended(to new: AttentionShape) throws -> AttentionShape {
    let limit = Int(Int32.max) - new.keys
    guard length <= limit else {
      throw AttentionError.shape(
        name: "past_key", expected: "at most \(limit) rows to go with key \(try file.entry("key").shape)",
        actual: keyShape)
    }
    return try AttentionShape(
      batch: new.batch, heads: new.heads, keyValueHeads: new.keyValueHeads, queries: new.queries,
      keys: length + new.keys, headSize: new.headSize, valueHeadSize: new.valueHeadSize)
  }

  private static func check(
    _ name: String, _ shape: [Int], goesWith newName: String, _ file: SafetensorsFile, _ heads: Int
  ) throws {
    guard shape.count == 4 else {
      throw AttentionError.rank(name: name, expected: "4: [B, G, P, D]", shape: shape)
    }
    let new = try file.entry(newName)
    let size = new.shape.count == 4 ? new.shape[3] : new.shape[2] / max(heads, 1)
    guard shape[0] == new.shape[0], shape[1] == heads, shape[3] == size else {
      throw AttentionError.shape(
        name: name, expected: "[\(new.shape[0]), \(heads), P, \(size)] to go with \(newName) \(new.shape)",
        actual: shape)
    }
    // The two become one tensor, which has one type.
    let type = try file.entry(name).type
    guard type == new.type else {
      throw CheckpointError.wrongElementType(
        tensor: name, expected: "\(new.type.rawValue), the type of \(newName)", actual: type)
    }
  }

  /// Past and new rows of `name` (`key` or `value`) [B, G, P + S, D]: added to the result as `present_key` or `present_value`
  /// in the file's type, and given in the type that is computed in.
  func prepended<Scalar: BLASScalar>(
    to name: String, as scalar: Scalar.Type, into result: inout ResultFile
  ) throws -> Tensor<Scalar> {
    let type = try file.realElement(of: name)
    func joined<Element: RealElement>(_ element: Element.Type) throws -> Tensor<Scalar> {
      var new = try file.tensor(name, as: element)
      if new.rank == 3 { new = try new.splittingHeads(keyValueHeads) }
      let present = try Tensor.keyRows(past: file.tensor("past_\(name)", as: element), new: new)
      try result.add(present, named: "present_\(name)", as: element)
      return try present.converted(to: scalar)
    }
    return try joined(type)
  }
}
