public import Tensors

extension SafetensorsFile {
  /// The tensor of a name, whose type must be the one asked for (`Int` stands for I64).
  ///
  /// Nothing is copied where the bytes are aligned to the element, except BOOL, whose bytes are checked as they are
  /// copied.
  ///
  /// - Throws: ``CheckpointError/missingTensor(name:similar:count:)``,
  ///   ``CheckpointError/wrongElementType(tensor:expected:actual:)``,
  ///   ``CheckpointError/unreadableElementType(tensor:type:)``,
  ///   ``CheckpointError/notABoolean(tensor:index:actual:offset:)``,
  ///   ``CheckpointError/noElementType(tensor:type:)``, ``CheckpointError/tensor(name:_:)``.
  public func tensor<Element: TensorElement>(
    _ name: String, as type: Element.Type = Element.self
  ) throws(CheckpointError) -> Tensor<Element> {
    let entry = try entry(name)
    guard entry.type.isReadable else { throw .unreadableElementType(tensor: name, type: entry.type) }
    guard let expected = ElementType(type) else { throw .noElementType(tensor: name, type: "\(type)") }
    guard expected == entry.type else {
      throw .wrongElementType(tensor: name, expected: expected.rawValue, actual: entry.type)
    }
    guard expected == .bool else { return try view(entry) }
    guard let booleans = try booleans(entry) as? Tensor<Element> else {
      throw .noElementType(tensor: name, type: "\(type)")
    }
    return booleans
  }

  private func bytes(of entry: SafetensorsEntry) -> UnsafeRawBufferPointer {
    let start = header.dataStart + entry.dataOffsets.lowerBound
    return UnsafeRawBufferPointer(rebasing: file.bytes[start..<(start + entry.dataOffsets.count)])
  }

  /// The elements where they lie, or a copy where they are not aligned.
  private func view<Element: TensorElement>(_ entry: SafetensorsEntry) throws(CheckpointError) -> Tensor<Element> {
    let bytes = bytes(of: entry)
    do throws(TensorError) {
      guard let start = bytes.baseAddress, !bytes.isEmpty else { return try Tensor(uninitialized: entry.shape) }
      if UInt(bitPattern: start) % UInt(MemoryLayout<Element>.alignment) == 0 {
        let count = bytes.count / MemoryLayout<Element>.stride
        let storage = TensorStorage(
          readOnly: start.assumingMemoryBound(to: Element.self), count: count, owner: file)
        return Tensor(storage: storage, layout: try TensorLayout(contiguous: entry.shape))
      }
      let tensor = try Tensor<Element>(uninitialized: entry.shape)
      UnsafeMutableRawPointer(tensor.storage.base).copyMemory(from: start, byteCount: bytes.count)
      return tensor
    } catch {
      throw .tensor(name: entry.name, error)
    }
  }

  /// Each byte is read once: a `Bool` over memory that another program may change could become neither true nor false.
  private func booleans(_ entry: SafetensorsEntry) throws(CheckpointError) -> Tensor<Bool> {
    let tensor: Tensor<Bool>
    do throws(TensorError) {
      tensor = try Tensor(uninitialized: entry.shape)
    } catch {
      throw .tensor(name: entry.name, error)
    }
    for (index, byte) in bytes(of: entry).enumerated() {
      guard byte <= 1 else {
        let offset = header.dataStart + entry.dataOffsets.lowerBound + index
        throw .notABoolean(tensor: entry.name, index: index, actual: byte, offset: offset)
      }
      tensor.storage.base[index] = byte == 1
    }
    return tensor
  }
}
