internal import Tensors

// What a cache adds to a mask, so that no row is read that is not there.

extension KeyValueCache {
  /// Whether every batch element has the same length.
  var isEven: Bool {
    for element in 1..<max(1, batch) where table.lengths[element] != table.lengths[0] { return false }
    return true
  }

  /// A mask with the cache's window and lengths.
  func restricting(_ mask: AttentionMask<Scalar>) -> AttentionMask<Scalar> {
    var mask = mask
    if let window { mask = mask & .window(left: window - 1, right: nil) }
    return isEven ? mask : mask & .keyLengths(table.lengths)
  }

  /// Each query at its position, the last one at the last: offsets `lengths` − L, whatever key lengths a mask has.
  func alignment(queries: Int, mask: AttentionMask<Scalar>) -> QueryAlignment {
    if isEven { return .offset(length - queries) }
    // With the lengths in the mask the end is each element's own, and no array is needed to say so.
    return mask.keyLengths == nil ? .end : .offsets(table.lengths.map { $0 - queries })
  }

  /// That a run reads only what is held, now or after an append.
  ///
  /// - Parameters:
  ///   - shape: of the run.
  ///   - mask: without the cache's window and lengths, and known to fit.
  ///   - alignment: known to fit.
  ///   - details: what is asked for.
  ///   - rows: how many rows will be appended before.
  ///   - lengths: how many of them by each batch element; nil: all.
  /// - Throws: ``AttentionError/argument(name:expected:actual:)`` for a query whose window begins before what is held, and for scores of
  ///   masked places where a batch element lacks some of the S keys.
  func checkHeld(
    _ shape: AttentionShape, _ mask: AttentionMask<Scalar>, _ alignment: QueryAlignment, _ details: AttentionDetailSet,
    appending rows: Int = 0, lengths: [Int]? = nil
  ) throws(AttentionError) {
    let coversMasked = !details.isDisjoint(with: [.rawScores, .cappedScores])
    for element in 0..<batch {
      let count = lengths?[element] ?? rows
      let length = table.lengths[element] + count
      var first = table.firstPositions[element]
      if let window, count > 0 { first = max(first, table.lengths[element] - (window - 1)) }
      guard !coversMasked || (first == 0 && length == shape.keys) else {
        throw .argument(
          name: "details",
          expected: "neither raw nor capped scores, as batch element \(element) holds \(first)..<\(length) of "
            + "\(shape.keys) positions", actual: "\(details)")
      }
      guard first > 0, shape.queries > 0, let window else { continue }
      let left = min(mask.windowLeft ?? window - 1, window - 1)
      let keys = min(mask.keyLengths?[element] ?? length, length)
      let place =
        if case .end = alignment {
          keys - shape.queries
        } else {
          alignment.offset(batch: element, queries: shape.queries, keys: shape.keys, keyLengths: nil)
        }
      guard place - left >= first else {
        throw .argument(
          name: "position of query 0",
          expected: "\(first + left) or later, as positions before \(first) are dropped", actual: "\(place)")
      }
    }
  }
}
