extension Tensor: CustomStringConvertible {
  /// The elements in nested brackets, as numpy prints an array with `precision=4`: columns and decimal points stand below
  /// each other, floating-point numbers have up to four decimals (scientific notation where that says more), lines break
  /// before column 75, and beyond 1,000 elements only the three first and last of each axis are shown. A scalar (rank 0)
  /// prints all its digits.
  ///
  /// - SeeAlso: numpy 2.4, `set_printoptions`, floatmode `maxprec`.
  public var description: String {
    if count == 0 { return "[]" }
    let isShortened = count > TensorDescription.elementsShownWhole
    var shown: [Element] = []
    visit(axis: 0, offset: layout.offset, isShortened: isShortened) { shown.append($0) }
    if rank == 0 { return shown.map(TensorDescription.scalar).joined() }
    var cells = TensorDescription.cells(of: shown).makeIterator()
    return render(axis: 0, isShortened: isShortened) { cells.next() ?? "" }
  }

  private func shownIndices(_ axis: Int, isShortened: Bool) -> (head: Range<Int>, tail: Range<Int>) {
    let size = shape[axis]
    let edge = TensorDescription.edge
    guard isShortened, size > 2 * edge else { return (0..<size, size..<size) }
    return (0..<edge, (size - edge)..<size)
  }

  private func visit(axis: Int, offset: Int, isShortened: Bool, _ body: (Element) -> Void) {
    guard axis < rank else { return body(storage.base[offset]) }
    let (head, tail) = shownIndices(axis, isShortened: isShortened)
    for range in [head, tail] {
      for index in range {
        visit(axis: axis + 1, offset: offset + index * strides[axis], isShortened: isShortened, body)
      }
    }
  }

  private func render(axis: Int, isShortened: Bool, _ nextCell: () -> String) -> String {
    let (head, tail) = shownIndices(axis, isShortened: isShortened)
    let isInnermost = axis == rank - 1
    func part() -> String { isInnermost ? nextCell() : render(axis: axis + 1, isShortened: isShortened, nextCell) }
    var parts = head.map { _ in part() }
    if !tail.isEmpty {
      parts.append("...")
      parts += tail.map { _ in part() }
    }
    // What continues a bracket stands one column to its right.
    let indent = String(repeating: " ", count: axis + 1)
    if isInnermost {
      return "[" + TensorDescription.lines(parts, indent: indent).joined(separator: "\n" + indent) + "]"
    }
    return "[" + parts.joined(separator: String(repeating: "\n", count: rank - axis - 1) + indent) + "]"
  }
}
