internal import Glibc

extension Tensor: CustomStringConvertible {
  /// The elements in nested brackets, as numpy prints an array: columns aligned, floating-point numbers with up to four
  /// decimals (in scientific notation where that says more), and beyond 1,000 elements only the three first and last of each axis.
  public var description: String {
    let isShortened = count > TensorDescription.elementsShownWhole
    var printed: [String] = []
    visit(axis: 0, offset: layout.offset, isShortened: isShortened) { printed.append($0) }
    let cells = TensorDescription.aligned(printed, isFloatingPoint: Element.self is any RealElement.Type)
    var next = cells.makeIterator()
    return render(axis: 0, isShortened: isShortened) { next.next() ?? "" }
  }

  private func shownIndices(_ axis: Int, isShortened: Bool) -> (head: Range<Int>, tail: Range<Int>) {
    let size = shape[axis]
    let edge = TensorDescription.edge
    guard isShortened, size > 2 * edge else { return (0..<size, size..<size) }
    return (0..<edge, (size - edge)..<size)
  }

  private func visit(axis: Int, offset: Int, isShortened: Bool, _ body: (String) -> Void) {
    guard axis < rank else { return body(TensorDescription.text(of: storage.base[offset])) }
    let (head, tail) = shownIndices(axis, isShortened: isShortened)
    for range in [head, tail] {
      for index in range {
        visit(axis: axis + 1, offset: offset + index * strides[axis], isShortened: isShortened, body)
      }
    }
  }

  private func render(axis: Int, isShortened: Bool, _ nextCell: () -> String) -> String {
    guard axis < rank else { return nextCell() }
    if shape[axis] == 0 || shape.contains(0) { return "[]" }
    let (head, tail) = shownIndices(axis, isShortened: isShortened)
    var parts = head.map { _ in render(axis: axis + 1, isShortened: isShortened, nextCell) }
    if !tail.isEmpty {
      parts.append("...")
      parts += tail.map { _ in render(axis: axis + 1, isShortened: isShortened, nextCell) }
    }
    let isInnermost = axis == rank - 1
    let blankLines = String(repeating: "\n", count: max(rank - axis - 1, 1))
    let separator = isInnermost ? " " : blankLines + String(repeating: " ", count: axis + 1)
    return "[" + parts.joined(separator: separator) + "]"
  }
}

/// How the elements of a tensor are written.
enum TensorDescription {
  /// numpy's print threshold and number of edge items.
  static let elementsShownWhole = 1000
  static let edge = 3

  /// One element, before alignment: integers and booleans whole, floating point by ``aligned(_:isFloatingPoint:)``.
  static func text(of element: some TensorElement) -> String {
    if let real = element as? any RealElement { return "\(real.asDouble)" }
    return "\(element)"
  }

  static func aligned(_ cells: [String], isFloatingPoint: Bool) -> [String] {
    var cells = cells
    if isFloatingPoint {
      let numbers = cells.compactMap { Double($0) }
      let magnitudes = numbers.filter { $0.isFinite && $0 != 0 }.map(abs)
      let largest = magnitudes.max() ?? 0
      let isScientific =
        largest >= 1e8 || (magnitudes.min() ?? 1) < 1e-4 || (magnitudes.min().map { largest / $0 > 1e7 } ?? false)
      cells = numbers.map { isScientific ? scientific($0) : fixed($0) }
      if !isScientific { cells = trimmingCommonZeros(cells) }
    }
    let width = cells.map(\.count).max() ?? 0
    return cells.map { String(repeating: " ", count: width - $0.count) + $0 }
  }

  private static func fixed(_ value: Double) -> String {
    value.isFinite ? formatted("%.4f", value) : special(value)
  }

  private static func scientific(_ value: Double) -> String {
    value.isFinite ? formatted("%.4e", value) : special(value)
  }

  private static func special(_ value: Double) -> String {
    value.isNaN ? "nan" : value > 0 ? "inf" : "-inf"
  }

  /// Drops the decimals that are 0 in every cell, padding as numpy does so that the points stand below each other.
  private static func trimmingCommonZeros(_ cells: [String]) -> [String] {
    let decimals = cells.map { cell -> Int in
      guard let point = cell.firstIndex(of: ".") else { return 0 }
      return cell[cell.index(after: point)...].reversed().drop { $0 == "0" }.count
    }
    let kept = decimals.max() ?? 0
    return cells.map { cell in
      guard cell.contains(".") else { return cell }
      return String(cell.dropLast(4 - kept))
    }
  }

  private static func formatted(_ format: String, _ value: Double) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      guard let start = buffer.baseAddress else { return "" }
      _ = withVaList([value]) { vsnprintf(start, buffer.count, format, $0) }
      return String(cString: start)
    }
  }
}
