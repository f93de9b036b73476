/// A safetensors file, opened for reading: its header is validated as a whole before anything of it is used.
///
/// ```swift
/// let file = try SafetensorsFile(contentsOf: "model.safetensors")
/// let weight = try file.tensor("encoder.weight", convertedTo: Float.self)
/// ```
///
/// The file is mapped, not loaded: opening costs O(header), and a tensor is read without copying where its type is the
/// one asked for and its bytes are aligned. Such tensors keep the mapping alive, and writing to one copies it first: the
/// file never changes. A file that another program shortens while it is mapped ends this one (SIGBUS), as with every
/// mapped file; replacing it, as ``SafetensorsWriter`` does, is harmless.
public struct SafetensorsFile: Sendable {
  let file: FileBytes
  let header: SafetensorsHeader
  private let positions: [[UInt8]: Int]

  /// Opens a file.
  ///
  /// - Throws: ``CheckpointError``: the file can't be read, or what is wrong with it and where.
  /// - Complexity: O(size of the header).
  public init(contentsOf path: String) throws(CheckpointError) {
    try self.init(FileBytes(mapping: path))
  }

  /// Takes the bytes of a whole file; they are copied.
  ///
  /// - Throws: ``CheckpointError``: what is wrong with the bytes and where.
  public init(bytes: [UInt8]) throws(CheckpointError) {
    try self.init(FileBytes(copying: bytes))
  }

  private init(_ file: FileBytes) throws(CheckpointError) {
    self.file = file
    header = try SafetensorsHeader(of: file.bytes)
    // By bytes: strings that differ in composition only are equal in Swift, but different names in the format.
    var positions: [[UInt8]: Int] = [:]
    positions.reserveCapacity(header.entries.count)
    for (position, entry) in header.entries.enumerated() { positions[Array(entry.name.utf8)] = position }
    self.positions = positions
  }

  /// What the header says about each tensor, in the order of their data in the file.
  public var entries: [SafetensorsEntry] { header.entries }

  /// The tensors' names, in the order of their data in the file.
  public var names: [String] { header.entries.map(\.name) }

  /// The text stored with the tensors (`__metadata__`); empty if there is none.
  public var metadata: [String: String] { header.metadata }

  /// Whether the file has a tensor of this name.
  public func contains(_ name: String) -> Bool { positions[Array(name.utf8)] != nil }

  /// What the header says about a tensor.
  ///
  /// - Throws: ``CheckpointError/missingTensor(name:similar:count:)``.
  public func entry(_ name: String) throws(CheckpointError) -> SafetensorsEntry {
    guard let position = positions[Array(name.utf8)] else {
      throw .missingTensor(name: name, similar: NameSimilarity.closest(to: name, among: names), count: names.count)
    }
    return header.entries[position]
  }
}
