import AllocationCounter

/// What several runs of something allocate.
enum AllocationCount {
  static let runs: UInt = 4

  /// Whether the tests were built with optimisation, where assertions are not evaluated.
  static var isOptimized: Bool {
    var isOptimized = true
    func evaluated() -> Bool {
      isOptimized = false
      return true
    }
    assert(evaluated())
    return isOptimized
  }

  /// The fewest allocations that several runs of `body` take, of a few tries: other threads of the process may allocate too.
  static func least(_ body: () throws -> Void) throws -> (all: UInt, large: UInt) {
    try body()
    var least = (all: UInt.max, large: UInt.max)
    for _ in 0..<3 where least.large > 0 || isOptimized && least.all > 0 {
      let before = (all: allocation_counter_current(), large: allocation_counter_large())
      for _ in 0..<runs { try body() }
      least.all = min(least.all, allocation_counter_current() - before.all)
      least.large = min(least.large, allocation_counter_large() - before.large)
    }
    return least
  }
}
