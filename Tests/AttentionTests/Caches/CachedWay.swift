import Attention
import Testing

extension Way {
  /// The outputs of attention over a sequence that is appended to a cache piece by piece, each piece's queries right after its keys.
  ///
  /// - Parameters:
  ///   - q: [B, H, S, D].
  ///   - k: [B, G, S, D].
  ///   - v: [B, G, S, Dv].
  ///   - pieces: their lengths.
  ///   - rowsPerPage: of the cache.
  ///   - window: of the cache.
  ///   - element: of the cache.
  ///   - mask: of every run.
  func attendInPieces(
    _ q: Tensor<Double>, _ k: Tensor<Double>, _ v: Tensor<Double>, pieces: [Int], rowsPerPage: Int, window: Int? = nil,
    element: KeyValueElement = .full, mask: AttentionMask<Double> = .causal
  ) throws -> [Tensor<Double>] {
    func computed<Scalar: BLASScalar>(_ type: Scalar.Type) throws -> [Tensor<Double>] {
      let (q, k, v) = (try q.converted(to: type), try k.converted(to: type), try v.converted(to: type))
      var cache = try KeyValueCache<Scalar>(
        batch: q.shape[0], keyValueHeads: k.shape[1], headSize: k.shape[3], valueHeadSize: v.shape[3],
        capacity: k.shape[2], window: window, element: element, rowsPerPage: rowsPerPage)
      var start = 0
      return try pieces.map { piece in
        let range = start..<(start + piece)
        start += piece
        return try scaledDotProductAttention(
          queries: q.sliced(axis: 2, range), keys: k.sliced(axis: 2, range), values: v.sliced(axis: 2, range),
          appendingTo: &cache, mask: mask.converted(to: type), path: path, workers: workers
        ).converted(to: Double.self)
      }
    }
    return switch self.element {
    case .float: try computed(Float.self)
    case .double: try computed(Double.self)
    }
  }
}

/// Expects the outputs of pieces [B, H, L, Dv] to be the rows of a whole output [B, H, S, Dv].
func expectPieces(
  _ pieces: [Tensor<Double>], _ whole: Tensor<Double>, _ way: Way, _ what: String = "piece"
) throws {
  var start = 0
  for piece in pieces {
    let range = start..<(start + piece.shape[2])
    expectClose(piece, try whole.sliced(axis: 2, range).elements, way, "\(what) \(range)")
    start = range.upperBound
  }
}
