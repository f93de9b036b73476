public import Tensors

/// Collects named tensors and writes them as one safetensors file.
///
/// ```swift
/// var writer = SafetensorsWriter(metadata: ["format": "pt"])
/// try writer.add(output, named: "output")
/// try writer.write(to: "out.safetensors")
/// ```
///
/// The same tensors and metadata give the same bytes, in whatever order they were added: tensors stand as the reference
/// implementation puts them, widest type first (the order of ``ElementType``), then by name.
public struct SafetensorsWriter: Sendable {
  /// Text stored with the tensors (`__metadata__`); nothing is stored when it is empty.
  public var metadata: [String: String]

  private(set) var tensors: [ErasedTensor] = []
  private var names: Set<[UInt8]> = []

  public init(metadata: [String: String] = [:]) {
    self.metadata = metadata
  }

  /// Adds a tensor; its memory is shared until it is written.
  ///
  /// - Parameters:
  ///   - tensor: of any shape; views are written in row-major order.
  ///   - name: unique among the writer's, and not `__metadata__`.
  /// - Throws: ``CheckpointError/duplicateTensor(name:)``, ``CheckpointError/reservedName(name:)``,
  ///   ``CheckpointError/noElementType(tensor:type:)``, ``CheckpointError/tooManyElements(tensor:shape:)``.
  public mutating func add<Element: TensorElement>(
    _ tensor: Tensor<Element>, named name: String
  ) throws(CheckpointError) {
    guard name != SafetensorsHeader.metadataKey else { throw .reservedName(name: name) }
    let erased = try ErasedTensor(tensor, name: name)
    guard names.insert(Array(name.utf8)).inserted else { throw .duplicateTensor(name: name) }
    tensors.append(erased)
  }

  /// The file's bytes.
  ///
  /// - Throws: ``CheckpointError/headerTooLong(limit:actual:)``, ``CheckpointError/tooMuchData(tensor:)``,
  ///   ``CheckpointError/tensor(name:_:)``.
  public func bytes() throws(CheckpointError) -> [UInt8] {
    let ordered = ordered()
    var bytes = try header(of: ordered)
    for tensor in ordered {
      try tensor.withBytes { (data: UnsafeRawBufferPointer) throws(CheckpointError) in bytes += data }
    }
    return bytes
  }

  /// Writes the file: whole, or not at all. The bytes go to a temporary file in the same folder, which is synchronised
  /// and then takes the name; after a failure it is removed, and a file that was there before is as it was. An existing
  /// file's permissions are kept, and a symbolic link is followed.
  ///
  /// - Throws: ``CheckpointError/cannotWrite(path:step:reason:)``, ``CheckpointError/notARegularFile(path:)``; else as
  ///   ``bytes()``.
  public func write(to path: String) throws(CheckpointError) {
    let ordered = ordered()
    let header = try header(of: ordered)
    try AtomicFile.write(to: path) { (file: borrowing AtomicFile) throws(CheckpointError) in
      try header.span.bytes.withUnsafeBytes { (data: UnsafeRawBufferPointer) throws(CheckpointError) in
        try file.append(data)
      }
      for tensor in ordered {
        try tensor.withBytes { (data: UnsafeRawBufferPointer) throws(CheckpointError) in try file.append(data) }
      }
    }
  }

  private func ordered() -> [ErasedTensor] {
    tensors.sorted { left, right in
      left.rank != right.rank ? left.rank < right.rank : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
  }
}
