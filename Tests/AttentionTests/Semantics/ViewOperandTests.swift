import Attention
import Testing

@Suite("Views as operands")
struct ViewOperandTests {
  /// Ways to hold [B, H, L, D] other than row by row without gaps.
  enum View: String, CaseIterable, CustomTestStringConvertible {
    case rowsFirst, headsLast, transposedColumns, slicedRows, slicedColumns, everyOther, packed, broadcastBatch
    case broadcastHeads, broadcastRows, broadcastColumns, single

    var testDescription: String { rawValue }

    /// A view of this shape that is not what a fresh tensor is.
    func tensor<Scalar: BLASScalar>(_ shape: [Int], seed: UInt64, _ type: Scalar.Type) throws -> Tensor<Scalar> {
      let (b, h, l, d) = (shape[0], shape[1], shape[2], shape[3])
      func fresh(_ shape: [Int]) throws -> Tensor<Scalar> { try numbers(shape, seed: seed).converted(to: type) }
      return switch self {
      case .rowsFirst: try fresh([b, l, h, d]).permuted([0, 2, 1, 3])
      case .headsLast: try fresh([b, l, d, h]).permuted([0, 3, 1, 2])
      case .transposedColumns: try fresh([b, h, d, l]).transposed(2, 3)
      case .slicedRows: try fresh([b, h, l + 5, d]).sliced(axis: 2, 3..<(l + 3))
      case .slicedColumns: try fresh([b, h, l, d + 4]).sliced(axis: 3, 1..<(d + 1))
      case .everyOther: try fresh([b, h, l, 2, d]).selecting(axis: 3, 1)
      case .packed: try fresh([b, l, 3 * h * d]).sliced(axis: 2, h * d..<2 * h * d).splittingHeads(h)
      case .broadcastBatch: try fresh([1, h, l, d]).broadcast(to: shape)
      case .broadcastHeads: try fresh([b, 1, l, d]).broadcast(to: shape)
      case .broadcastRows: try fresh([b, h, 1, d]).broadcast(to: shape)
      case .broadcastColumns: try fresh([b, h, l, 1]).broadcast(to: shape)
      case .single: try fresh([1]).broadcast(to: shape)
      }
    }
  }

  private func check<Scalar: BLASScalar>(_ type: Scalar.Type, _ way: Way, _ view: View, queries: Int) throws {
    let q = try view.tensor([2, 4, queries, 6], seed: 1, type)
    let k = try view.tensor([2, 2, 7, 6], seed: 2, type)
    let v = try view.tensor([2, 2, 7, 3], seed: 3, type)
    let before = [q.elements, k.elements, v.elements]
    func attend(_ q: Tensor<Scalar>, _ k: Tensor<Scalar>, _ v: Tensor<Scalar>) throws -> Tensor<Double> {
      try scaledDotProductAttention(
        queries: q, keys: k, values: v, mask: .causal, options: way.options(alignment: .end)
      ).output.converted(to: Double.self)
    }
    let copies = try attend(
      Tensor(q.elements, shape: q.shape), Tensor(k.elements, shape: k.shape), Tensor(v.elements, shape: v.shape))
    // The views together, and each among copies.
    expectClose(try attend(q, k, v), copies.elements, way)
    expectClose(
      try attend(q, Tensor(k.elements, shape: k.shape), Tensor(v.elements, shape: v.shape)), copies.elements, way,
      "output with a view of queries")
    expectClose(
      try attend(Tensor(q.elements, shape: q.shape), k, Tensor(v.elements, shape: v.shape)), copies.elements, way,
      "output with a view of keys")
    #expect([q.elements, k.elements, v.elements] == before)
  }

  @Test("24: views equal their copies and are not modified", arguments: Way.all, View.allCases)
  func viewsEqualCopies(way: Way, view: View) throws {
    for queries in [1, 5] {
      switch way.element {
      case .float: try check(Float.self, way, view, queries: queries)
      case .double: try check(Double.self, way, view, queries: queries)
      }
    }
  }

  @Test("24: views of rank 3: packed projections, broadcast, transposed", arguments: Way.all)
  func joinedViews(way: Way) throws {
    let packed = try numbers([2, 5, 3 * 12])
    let parts = try (0..<3).map { try packed.sliced(axis: 2, $0 * 12..<$0 * 12 + 12) }
    let copies = try parts.map { try Tensor($0.elements, shape: $0.shape) }
    let expected = try way.attend(copies[0], copies[1], copies[2], heads: 4).output
    func direct<Scalar: BLASScalar>(_ type: Scalar.Type) throws -> Tensor<Double> {
      let packed = try packed.converted(to: type)
      let parts = try (0..<3).map { try packed.sliced(axis: 2, $0 * 12..<$0 * 12 + 12) }
      return try scaledDotProductAttention(
        queries: parts[0], keys: parts[1], values: parts[2], heads: 4, options: way.options()
      ).output.converted(to: Double.self)
    }
    let actual = try way.element == .float ? direct(Float.self) : direct(Double.self)
    expectClose(actual, expected.elements, way)
    let row = try numbers([2, 1, 12])
    let transposed = try numbers([2, 12, 5], seed: 4).transposed(1, 2)
    func viewed<Scalar: BLASScalar>(_ type: Scalar.Type) throws -> Tensor<Double> {
      let row = try row.converted(to: type).broadcast(to: [2, 5, 12])
      let columns = try numbers([2, 12, 5], seed: 4).converted(to: type).transposed(1, 2)
      return try scaledDotProductAttention(
        queries: row, keys: columns, values: columns, heads: 4, options: way.options()
      ).output.converted(to: Double.self)
    }
    let rows = try way.attend(
      Tensor(row.broadcast(to: [2, 5, 12]).elements, shape: [2, 5, 12]), transposed, transposed, heads: 4)
    expectClose(
      try way.element == .float ? viewed(Float.self) : viewed(Double.self), rows.output.elements, way,
      "output of broadcast rows and transposed columns")
  }

  @Test("24: views as masks and biases", arguments: Way.all)
  func maskViews(way: Way) throws {
    let (q, k, v) = (
      try numbers([2, 3, 5, 2]), try numbers([2, 3, 7, 2], seed: 2), try numbers([2, 3, 7, 2], seed: 3)
    )
    func expectSame(_ keep: Tensor<Bool>, _ bias: Tensor<Double>, _ what: String) throws {
      let copies =
        AttentionMask<Double>.keep(try Tensor(keep.elements, shape: keep.shape))
        & .bias(try Tensor(bias.elements, shape: bias.shape))
      let expected = try way.attend(q, k, v, mask: copies).output.elements
      func direct<Scalar: BLASScalar>(_ type: Scalar.Type, _ bias: Tensor<Scalar>) throws -> Tensor<Double> {
        try scaledDotProductAttention(
          queries: q.converted(to: type), keys: k.converted(to: type), values: v.converted(to: type),
          mask: .keep(keep) & .bias(bias), options: way.options()
        ).output.converted(to: Double.self)
      }
      // Conversion copies: in Float the keep mask alone is a view.
      expectClose(
        try way.element == .double ? direct(Double.self, bias) : direct(Float.self, bias.converted(to: Float.self)),
        expected, way, what)
    }
    try expectSame(
      coins([7, 5]).transposed(0, 1), numbers([7, 5]).transposed(0, 1), "transposed")
    try expectSame(
      coins([5, 20]).sliced(axis: 1, 4..<11), numbers([5, 20]).sliced(axis: 1, 4..<11), "sliced")
    try expectSame(
      coins([1, 7]).broadcast(to: [2, 3, 5, 7]), numbers([1, 7]).broadcast(to: [2, 3, 5, 7]), "broadcast rows")
    try expectSame(
      coins([2, 1, 5, 1]).broadcast(to: [2, 3, 5, 7]), numbers([3, 1, 1]).broadcast(to: [3, 5, 7]), "broadcast keys")
    try expectSame(
      coins([5, 3, 7, 2]).permuted([3, 1, 0, 2]), numbers([5, 3, 7, 2]).permuted([3, 1, 0, 2]), "permuted")
  }
}
