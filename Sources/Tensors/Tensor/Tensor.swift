/// A multi-dimensional array with value semantics: a view (shape, strides, offset) onto shared, 64-byte-aligned memory
/// that is copied when a second holder writes.
///
/// Axes are numbered from 0, the slowest; a fresh tensor is row-major. Views (``transposed(_:_:)``, ``sliced(axis:_:)``,
/// ``broadcast(to:)``, ``splittingHeads(_:)`` …) cost O(rank) and copy nothing.
///
/// ```swift
/// let x = try Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [2, 3])
/// x[1, 2]                       // 6
/// try x.transposed(0, 1).shape  // [3, 2]
/// ```
public struct Tensor<Element: TensorElement>: Sendable {
  package var storage: TensorStorage<Element>
  package var layout: TensorLayout

  package init(storage: TensorStorage<Element>, layout: TensorLayout) {
    self.storage = storage
    self.layout = layout
  }

  /// A row-major tensor whose elements are undefined until written.
  ///
  /// - Throws: ``TensorError`` for a negative dimension, too many elements, or memory not given.
  package init(uninitialized shape: [Int]) throws(TensorError) {
    let layout = try TensorLayout(contiguous: shape)
    guard layout.count <= TensorStorage<Element>.greatestCount else { throw .tooManyElements(shape: shape) }
    self.init(storage: try TensorStorage(uninitializedCount: layout.count), layout: layout)
  }

  /// A tensor with every element the same.
  ///
  /// - Parameters:
  ///   - shape: the size of each axis; `[]` is a scalar of one element, a 0 anywhere an empty tensor.
  ///   - value: the element.
  /// - Throws: ``TensorError`` for a negative dimension, too many elements, or memory not given.
  public init(repeating value: Element, shape: [Int]) throws(TensorError) {
    try self.init(uninitialized: shape)
    storage.base.initialize(repeating: value, count: storage.count)
  }

  /// A tensor of zeros (`false` for `Bool`).
  public init(zeros shape: [Int]) throws(TensorError) {
    try self.init(repeating: .zero, shape: shape)
  }

  /// A tensor with the given elements in row-major order, copied.
  ///
  /// - Throws: ``TensorError/elementCount(shape:expected:actual:)`` when the count is not the shape's.
  public init(_ elements: some Collection<Element>, shape: [Int]) throws(TensorError) {
    let count = try TensorLayout.count(of: shape)
    guard elements.count == count else {
      throw .elementCount(shape: shape, expected: count, actual: elements.count)
    }
    try self.init(uninitialized: shape)
    _ = UnsafeMutableBufferPointer(start: storage.base, count: count).initialize(from: elements)
  }

  /// A matrix from its rows.
  ///
  /// - Throws: ``TensorError/raggedRows(expected:actual:row:)`` when rows differ in length.
  public init(rows: [[Element]]) throws(TensorError) {
    let columns = rows.first?.count ?? 0
    for (index, row) in rows.enumerated() where row.count != columns {
      throw .raggedRows(expected: columns, actual: row.count, row: index)
    }
    try self.init(Array(rows.joined()), shape: [rows.count, columns])
  }

  /// The elements of a span in row-major order, copied.
  ///
  /// - Throws: ``TensorError/elementCount(shape:expected:actual:)`` when the count is not the shape's.
  public init(copying elements: Span<Element>, shape: [Int]) throws(TensorError) {
    let count = try TensorLayout.count(of: shape)
    guard elements.count == count else {
      throw .elementCount(shape: shape, expected: count, actual: elements.count)
    }
    try self.init(uninitialized: shape)
    let destination = storage.base
    elements.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { destination.initialize(from: start, count: count) }
    }
  }

  /// The size of each axis.
  public var shape: [Int] { layout.shape }

  /// The distance between neighbours along each axis, in elements; 0 where an axis is broadcast.
  public var strides: [Int] { layout.strides }

  /// The number of axes.
  public var rank: Int { layout.rank }

  /// The number of elements.
  public var count: Int { layout.count }

  /// Whether the elements stand in row-major order without gaps.
  public var isContiguous: Bool { layout.isContiguous }

  /// The element at an index of one number per axis.
  ///
  /// - Precondition: as many numbers as axes, each within its axis; the program stops otherwise. So it does when a write
  ///   needs a copy and there is no memory for it.
  /// - Complexity: O(rank) to read; writing copies the tensor if its memory is shared or broadcast.
  public subscript(_ index: Int...) -> Element {
    get { storage.base[position(of: index)] }
    set {
      _ = position(of: index)
      makeUnique()
      storage.base[position(of: index)] = newValue
    }
  }

  private func position(of index: [Int]) -> Int {
    precondition(index.count == rank, "index \(index) for a tensor of rank \(rank)")
    var position = layout.offset
    for axis in 0..<rank {
      precondition(
        index[axis] >= 0 && index[axis] < layout.shape[axis], "index \(index) outside shape \(layout.shape)")
      position += index[axis] * layout.strides[axis]
    }
    return position
  }
}

extension Tensor: Equatable {
  /// Same shape and equal elements (for floating point: −0 equals 0, NaN equals nothing).
  public static func == (left: Tensor, right: Tensor) -> Bool {
    left.shape == right.shape && left.elements == right.elements
  }
}
