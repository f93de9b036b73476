internal import Tensors

/// How keys and values are held: as the numbers of the arithmetic, or in 16 bits, half the memory and traffic of Float, and
/// converted as they are read.
public enum KeyValueElement: String, Sendable, Hashable, CaseIterable {
  /// The scalar of the arithmetic.
  case full
  /// IEEE 754 binary16: 11 significant bits, up to 65504.
  case float16
  /// The upper half of a Float: 8 significant bits, the range of Float.
  case bfloat16

  /// Bytes of one number.
  func byteCount<Scalar>(_ type: Scalar.Type) -> Int { self == .full ? MemoryLayout<Scalar>.stride : 2 }
}

/// The keys or the values of a problem where they lie: for each batch element and key/value head a matrix [S, columns], strided
/// or in pages.
///
/// A path asks for rows and gets a segment: as many of them as lie in one piece, in place or converted.
struct KeyValueRows<Scalar: BLASScalar> {
  /// Where the numbers are: a base with strides, or a table of pages.
  let base: UnsafeRawPointer
  /// In elements; within a page its `batch` is unused.
  let strides: HeadStrides
  let columns: Int
  let element: KeyValueElement
  /// The first row of each batch element, where they follow each other without padding; nil: by stride.
  let firstRows: UnsafePointer<Int>?
  /// Page p of batch element b, at b·pagesPerElement + p, holds rows p·rowsPerPage and on, of all heads; nil: `base` alone.
  let pages: UnsafePointer<UnsafeRawPointer>?
  let pagesPerElement: Int
  let rowsPerPage: Int

  /// Keys or values in caller-owned memory or in a tensor.
  init(_ matrices: HeadMatrices<Scalar>, columns: Int) {
    base = UnsafeRawPointer(matrices.base)
    (strides, self.columns, element) = (matrices.strides, columns, .full)
    firstRows = matrices.firstRows
    (pages, pagesPerElement, rowsPerPage) = (nil, 0, 0)
  }

  /// Keys or values in pages of [G, rowsPerPage, columns].
  ///
  /// - Parameter pages: [B, pagesPerElement]; entries of rows that the mask empties are never read.
  init(
    pages: UnsafePointer<UnsafeRawPointer>, pagesPerElement: Int, rowsPerPage: Int, columns: Int,
    element: KeyValueElement
  ) {
    base = UnsafeRawPointer(pages)
    strides = HeadStrides(batch: 0, head: rowsPerPage * columns, row: columns)
    (self.columns, self.element, firstRows) = (columns, element, nil)
    (self.pages, self.pagesPerElement, self.rowsPerPage) = (pages, pagesPerElement, rowsPerPage)
  }

  /// The most rows that are converted at once.
  static var convertedRows: Int { 512 }

  /// Scratch that segments of up to `rows` rows need, in elements.
  func scratchCount(rows: Int) -> Int { element == .full ? 0 : min(max(rows, 1), Self.convertedRows) * columns }

  /// Rows that lie in one piece.
  struct Segment {
    let rows: Range<Int>
    let base: UnsafePointer<Scalar>
    /// From one row to the next: at least `columns`, and 1.
    let leadingDimension: Int
  }

  /// The first of the rows asked for, as many as lie in one piece; at least one.
  ///
  /// - Parameters:
  ///   - batch: the batch element.
  ///   - head: the key/value head.
  ///   - rows: not empty.
  ///   - scratch: of ``scratchCount(rows:)`` elements; what an earlier segment left there is overwritten.
  func segment(
    batch: Int, head: Int, rows: Range<Int>, scratch: UnsafeMutablePointer<Scalar>
  ) -> Segment {
    var end = rows.upperBound
    var start = base
    var offset = head * strides.head
    if rowsPerPage > 0, let pages {
      let (page, row) = rows.lowerBound.quotientAndRemainder(dividingBy: rowsPerPage)
      start = pages[batch * pagesPerElement + page]
      offset += row * strides.row
      end = min(end, (page + 1) * rowsPerPage)
    } else {
      offset += strides.start(batch: batch, firstRows: firstRows) + rows.lowerBound * strides.row
    }
    guard element != .full else {
      let leadingDimension = end - rows.lowerBound == 1 ? max(1, columns) : strides.row
      return Segment(
        rows: rows.lowerBound..<end, base: start.assumingMemoryBound(to: Scalar.self) + offset,
        leadingDimension: leadingDimension)
    }
    end = min(end, rows.lowerBound + Self.convertedRows)
    // Rows of a page have no gaps.
    element.widen(start + offset * 2, into: scratch, count: (end - rows.lowerBound) * columns)
    return Segment(rows: rows.lowerBound..<end, base: UnsafePointer(scratch), leadingDimension: max(1, columns))
  }
}

extension KeyValueRows {
  /// Whether `count` rows from every multiple of `count` lie in one piece and need no conversion.
  func isWhole(every count: Int) -> Bool { element == .full && (rowsPerPage == 0 || rowsPerPage % count == 0) }

  /// Rows in one piece: in place, or gathered in `scratch` one after the other.
  ///
  /// - Parameter scratch: of rows.count · columns elements, used where ``isWhole(every:)`` is not.
  func gathered(
    batch: Int, head: Int, rows: Range<Int>, scratch: UnsafeMutablePointer<Scalar>
  ) -> (base: UnsafePointer<Scalar>, leadingDimension: Int) {
    var start = rows.lowerBound
    while start < rows.upperBound {
      let target = scratch + (start - rows.lowerBound) * columns
      let segment = segment(batch: batch, head: head, rows: start..<rows.upperBound, scratch: target)
      // Vectors of keys begin at multiples of 16, which pages of other sizes cut.
      if segment.rows == rows, pages == nil || rowsPerPage % 16 == 0 || element != .full {
        return (segment.base, segment.leadingDimension)
      }
      if segment.base != UnsafePointer(target) {
        for row in 0..<segment.rows.count {
          (target + row * columns).update(from: segment.base + row * segment.leadingDimension, count: columns)
        }
      }
      start = segment.rows.upperBound
    }
    return (UnsafePointer(scratch), max(1, columns))
  }
}

extension KeyValueElement {
  /// Converts `count` numbers of 16 bits; exact.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func widen<Scalar: BLASScalar>(
    _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    switch self {
    case .full: target.update(from: source.assumingMemoryBound(to: Scalar.self), count: count)
    case .float16:
      Scalar.arithmetic.kernels.widenFloat16(source.assumingMemoryBound(to: UInt16.self), target, count)
    case .bfloat16:
      Scalar.arithmetic.kernels.widenBFloat16(source.assumingMemoryBound(to: UInt16.self), target, count)
    }
  }
}
