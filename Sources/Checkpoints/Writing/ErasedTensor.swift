internal import Tensors

/// A named tensor whose element type is known at run time only.
struct ErasedTensor: Sendable {
  typealias Body = (UnsafeRawBufferPointer) throws(CheckpointError) -> Void

  let name: String
  let type: ElementType
  let shape: [Int]
  let byteCount: Int
  /// The position of the type among those of a file.
  let rank: Int
  private let access: @Sendable (_ body: Body) throws(CheckpointError) -> Void

  init<Element: TensorElement>(_ tensor: Tensor<Element>, name: String) throws(CheckpointError) {
    guard let type = ElementType(Element.self), let rank = ElementType.allCases.firstIndex(of: type) else {
      throw .noElementType(tensor: name, type: "\(Element.self)")
    }
    self.name = name
    self.type = type
    self.rank = rank
    shape = tensor.shape
    byteCount = try SafetensorsEntry.byteCount(of: name, shape: tensor.shape, type: type)
    access = { (body: Body) throws(CheckpointError) in
      let source: Tensor<Element>
      do throws(TensorError) {
        source = try tensor.contiguous()
      } catch {
        throw .tensor(name: name, error)
      }
      defer { withExtendedLifetime(source) {} }
      let elements = UnsafeBufferPointer(start: source.storage.base + source.layout.offset, count: source.count)
      try body(UnsafeRawBufferPointer(elements))
    }
  }

  /// Gives `body` the elements' bytes in row-major order; a copy is made only if the tensor is not contiguous.
  func withBytes(_ body: Body) throws(CheckpointError) { try access(body) }
}
