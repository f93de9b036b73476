/// The segments of one batch element: the runs of equal ids of its queries and of its keys, in order, with ids counted from 0.
struct SegmentTable: Sendable {
  /// Ids in runs: run r holds `ids[r]` at places `starts[r]` ..< `starts[r + 1]`.
  struct Runs: Sendable {
    private(set) var starts = [0]
    private(set) var ids: [Int] = []

    /// How many places there are.
    var count: Int { starts[ids.count] }

    fileprivate init(_ ids: [Int], numbers: inout [Int: Int]) {
      for (place, id) in ids.enumerated() {
        let number = numbers[id] ?? numbers.count
        numbers[id] = number
        if self.ids.last == number {
          starts[starts.count - 1] = place + 1
        } else {
          self.ids.append(number)
          starts.append(place + 1)
        }
      }
    }

    /// The run that a place lies in.
    ///
    /// - Complexity: O(log runs).
    func run(at place: Int) -> Int {
      var (low, high) = (0, ids.count)
      while high - low > 1 {
        let middle = (low + high) / 2
        if starts[middle] <= place { low = middle } else { high = middle }
      }
      return low
    }

    func places(of run: Int) -> Range<Int> { starts[run]..<starts[run + 1] }

    /// Calls `body` with the runs of some places until it answers false.
    func forEach(in places: Range<Int>, _ body: (_ id: Int, _ places: Range<Int>) -> Bool) {
      guard !places.isEmpty else { return }
      var run = run(at: places.lowerBound)
      while run < ids.count, starts[run] < places.upperBound {
        guard body(ids[run], self.places(of: run).clamped(to: places)) else { return }
        run += 1
      }
    }
  }

  let queries: Runs
  let keys: Runs
  /// For each id the keys from its first to its last; empty where no key has it.
  private let spans: [Range<Int>]

  /// - Parameters:
  ///   - ids: of the keys.
  ///   - queryIDs: of the queries; nil: of the keys at the queries' places.
  init(ids: [Int], queryIDs: [Int]? = nil) {
    var numbers: [Int: Int] = [:]
    keys = Runs(ids, numbers: &numbers)
    queries = queryIDs.map { Runs($0, numbers: &numbers) } ?? keys
    var spans = [Range<Int>](repeating: 0..<0, count: numbers.count)
    for (run, id) in keys.ids.enumerated() {
      let places = keys.places(of: run)
      spans[id] = spans[id].isEmpty ? places : spans[id].lowerBound..<places.upperBound
    }
    self.spans = spans
  }

  /// Keys outside of which none of some has an id.
  func span(of id: Int, in keys: Range<Int>) -> Range<Int> { keys.clamped(to: spans[id]) }
}
