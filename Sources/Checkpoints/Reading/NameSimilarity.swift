/// Which names a mistaken one may have meant.
enum NameSimilarity {
  /// As many names as an error shows.
  static let limit = 8
  /// Names beyond this, in bytes, and files with more names than `candidates` are not worth the search.
  private static let longest = 200
  private static let candidates = 2000

  /// Up to ``limit`` names, the most similar first: those that contain the name or are contained in it, then by edit
  /// distance (Levenshtein).
  static func closest(to name: String, among names: [String]) -> [String] {
    let wanted = Array(name.utf8.prefix(longest))
    let ranked = names.prefix(candidates).enumerated().map { index, candidate in
      let bytes = Array(candidate.utf8.prefix(longest))
      let isRelated = !wanted.isEmpty && (contains(bytes, wanted) || contains(wanted, bytes))
      return (rank: (isRelated ? 0 : 1, distance(wanted, bytes), index), name: candidate)
    }
    return ranked.sorted { $0.rank < $1.rank }.prefix(limit).map(\.name)
  }

  private static func contains(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
    guard !part.isEmpty, part.count <= whole.count else { return false }
    return (0...(whole.count - part.count)).contains { whole[$0...].starts(with: part) }
  }

  /// The fewest insertions, deletions and replacements that make one of the other.
  static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
    var row = Array(0...second.count)
    for (index, byte) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in second.indices {
        let replaced = diagonal + (byte == second[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
      }
    }
    return row[second.count]
  }
}
