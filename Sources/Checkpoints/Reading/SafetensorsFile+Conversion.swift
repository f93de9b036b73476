public import Tensors

extension SafetensorsFile {
  /// The tensor of a name, which must be of a floating-point type (F64, F32, F16, BF16), in the type asked for: each
  /// number rounded once to nearest, ties to even, beyond the range to ±∞. Not copied when it has that type already.
  ///
  /// - Throws: as ``tensor(_:as:)``.
  public func tensor<Element: RealElement>(
    _ name: String, convertedTo type: Element.Type
  ) throws(CheckpointError) -> Tensor<Element> {
    switch try entry(name).type {
    case .float64: try convert(tensor(name, as: Double.self), name)
    case .float32: try convert(tensor(name, as: Float.self), name)
    case .float16: try convert(tensor(name, as: Float16.self), name)
    case .bfloat16: try convert(tensor(name, as: BFloat16.self), name)
    case let other: throw mismatch(name, other, expected: "a floating-point type (F64, F32, F16, BF16)")
    }
  }

  /// The tensor of a name, which must be of an integer type, in the type asked for. Not copied when it has that type
  /// already.
  ///
  /// - Throws: ``CheckpointError/integerOutOfRange(tensor:index:actual:type:)``; else as ``tensor(_:as:)``.
  public func tensor<Element: TensorElement & FixedWidthInteger>(
    _ name: String, convertedTo type: Element.Type
  ) throws(CheckpointError) -> Tensor<Element> {
    switch try entry(name).type {
    case .int64: try convertExactly(tensor(name, as: Int64.self), name)
    case .int32: try convertExactly(tensor(name, as: Int32.self), name)
    case .int16: try convertExactly(tensor(name, as: Int16.self), name)
    case .int8: try convertExactly(tensor(name, as: Int8.self), name)
    case .uint64: try convertExactly(tensor(name, as: UInt64.self), name)
    case .uint32: try convertExactly(tensor(name, as: UInt32.self), name)
    case .uint16: try convertExactly(tensor(name, as: UInt16.self), name)
    case .uint8: try convertExactly(tensor(name, as: UInt8.self), name)
    case let other: throw mismatch(name, other, expected: "an integer type")
    }
  }

  private func mismatch(_ name: String, _ actual: ElementType, expected: String) -> CheckpointError {
    actual.isReadable
      ? .wrongElementType(tensor: name, expected: expected, actual: actual)
      : .unreadableElementType(tensor: name, type: actual)
  }

  private func convert<Source: RealElement, Element: RealElement>(
    _ tensor: Tensor<Source>, _ name: String
  ) throws(CheckpointError) -> Tensor<Element> {
    do throws(TensorError) {
      return try tensor.converted(to: Element.self)
    } catch {
      throw .tensor(name: name, error)
    }
  }

  private func convertExactly<Source: TensorElement & FixedWidthInteger, Element: TensorElement & FixedWidthInteger>(
    _ tensor: Tensor<Source>, _ name: String
  ) throws(CheckpointError) -> Tensor<Element> {
    if let same = tensor as? Tensor<Element> { return same }
    do throws(TensorError) {
      return try tensor.converted(to: Element.self)
    } catch {
      // Which of a file's numbers it was is looked for only now.
      let wrong = tensor.elements.enumerated().first { Element(exactly: $0.element) == nil }
      guard let wrong else { throw .tensor(name: name, error) }
      throw .integerOutOfRange(
        tensor: name, index: wrong.offset, actual: "\(wrong.element)", type: "\(Element.self)")
    }
  }
}
