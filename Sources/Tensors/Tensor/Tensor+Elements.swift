extension Tensor {
  /// The elements in row-major order, copied.
  ///
  /// The program stops where there is no memory for that many (a broadcast view may count more than exist).
  public var elements: [Element] {
    [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let start = buffer.baseAddress { copyElements(to: start) }
      initialized = count
    }
  }

  /// The only element of a tensor of one element, of any rank.
  ///
  /// - Throws: ``TensorError/elementCount(shape:expected:actual:)``.
  public func item() throws(TensorError) -> Element {
    guard count == 1 else { throw .elementCount(shape: [], expected: 1, actual: count) }
    return storage.base[layout.offset]
  }

  /// The same elements row-major without gaps: itself if it is so already, else a copy.
  ///
  /// - Throws: ``TensorError/outOfMemory(bytes:)``.
  public func contiguous() throws(TensorError) -> Tensor {
    isContiguous ? self : try copy()
  }

  /// A row-major copy in memory of its own.
  package func copy() throws(TensorError) -> Tensor {
    let copy = try Tensor(uninitialized: shape)
    copyElements(to: copy.storage.base)
    return copy
  }

  /// A row-major tensor of the same shape with every element transformed.
  ///
  /// - Throws: what `transform` throws, and ``TensorError/outOfMemory(bytes:)``.
  @inlinable
  public func map<Result: TensorElement>(
    _ transform: (Element) throws -> Result
  ) throws -> Tensor<Result> {
    try Tensor<Result>(try elements.map(transform), shape: shape)
  }

  /// Gives `body` the elements in row-major order; a copy is made only if the tensor is not contiguous.
  ///
  /// - Throws: ``TensorError/outOfMemory(bytes:)``, and what `body` throws.
  public func withSpan<Result>(_ body: (Span<Element>) throws -> Result) throws -> Result {
    let source = try contiguous()
    defer { withExtendedLifetime(source.storage) {} }
    let start = UnsafePointer(source.storage.base + source.layout.offset)
    return try body(UnsafeBufferPointer(start: start, count: source.count).span)
  }

  /// Gives `body` the elements in row-major order, to change in place; the tensor is copied first if its memory is
  /// shared, or if it is not contiguous.
  ///
  /// - Throws: ``TensorError/outOfMemory(bytes:)``, and what `body` throws; what it wrote until then stays.
  public mutating func withMutableSpan<Result>(_ body: (inout MutableSpan<Element>) throws -> Result) throws -> Result {
    if !isContiguous || !isWritableInPlace() { self = try copy() }
    var span = UnsafeMutableBufferPointer(start: storage.base + layout.offset, count: count).mutableSpan
    return try body(&span)
  }

  /// Makes the memory this tensor's own, so that it may be written. A tensor whose elements overlap (broadcast) gets
  /// an element each.
  package mutating func makeUnique() {
    if isWritableInPlace() { return }
    do {
      self = try copy()
    } catch {
      preconditionFailure("copy-on-write: \(error)")
    }
  }

  /// Whether the memory is this tensor's own, each element in a place of its own.
  package mutating func isWritableInPlace() -> Bool {
    let overlaps = zip(layout.shape, layout.strides).contains { $0.0 > 1 && $0.1 == 0 }
    return storage.isWritable && !overlaps && isKnownUniquelyReferenced(&storage)
  }

  /// Writes the elements in row-major order to `destination`.
  package func copyElements(to destination: UnsafeMutablePointer<Element>) {
    let source = storage.base
    let run = layout.shape.last ?? 1
    let stride = layout.strides.last ?? 1
    var next = destination
    if isContiguous {
      next.initialize(from: source + layout.offset, count: count)
      return
    }
    layout.forEachRun { offset in
      if stride == 1 {
        next.initialize(from: source + offset, count: run)
      } else {
        for index in 0..<run { next[index] = source[offset + index * stride] }
      }
      next += run
    }
  }
}

extension Tensor where Element: RealElement {
  /// The same numbers in another floating-point type, each rounded once to nearest, ties to even; the tensor itself where
  /// the type is its own.
  ///
  /// - Throws: ``TensorError/outOfMemory(bytes:)``.
  public func converted<Other: RealElement>(to type: Other.Type) throws(TensorError) -> Tensor<Other> {
    if let same = self as? Tensor<Other> { return same }
    let result = try Tensor<Other>(uninitialized: shape)
    let source = elements
    convert(source, into: result.storage.base)
    return result
  }
}

extension Tensor where Element: BinaryInteger {
  /// The same integers in another type.
  ///
  /// - Throws: ``TensorError/argument(name:expected:actual:)`` for a number outside the other type's range.
  public func converted<Other: TensorElement & FixedWidthInteger>(
    to type: Other.Type
  ) throws(TensorError) -> Tensor<Other> {
    var converted: [Other] = []
    converted.reserveCapacity(count)
    for element in elements {
      guard let value = Other(exactly: element) else {
        throw .argument(name: "element", expected: "\(Other.min)...\(Other.max)", actual: Int(clamping: element))
      }
      converted.append(value)
    }
    return try Tensor<Other>(converted, shape: shape)
  }
}

@specialized(where Source == Float, Destination == Double)
@specialized(where Source == Double, Destination == Float)
@specialized(where Source == BFloat16, Destination == Float)
@specialized(where Source == Float16, Destination == Float)
@specialized(where Source == Float, Destination == BFloat16)
@specialized(where Source == Float, Destination == Float16)
@specialized(where Source == BFloat16, Destination == Double)
@specialized(where Source == Float16, Destination == Double)
@specialized(where Source == Double, Destination == BFloat16)
@specialized(where Source == Double, Destination == Float16)
private func convert<Source: RealElement, Destination: RealElement>(
  _ source: [Source], into destination: UnsafeMutablePointer<Destination>
) {
  for index in source.indices { destination[index] = Destination(rounding: source[index].asDouble) }
}
