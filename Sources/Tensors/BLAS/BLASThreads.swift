internal import COpenBLAS
internal import Synchronization

/// The sole owner of OpenBLAS's thread count, which is one number for the whole process.
///
/// While any of our calls is in flight OpenBLAS runs on one thread, because we do the fanning out; the last call out
/// restores what the first one found. A host program's own BLAS calls in that time run on one thread too.
package enum BLASThreads {
  private struct State {
    var callsInFlight = 0
    var found: Int32 = 1
  }

  private static let state = Mutex(State())

  /// Runs `body` with OpenBLAS at one thread. Calls may nest and come from several threads at once.
  package static func withSingleThread<Result>(_ body: () throws -> Result) rethrows -> Result {
    state.withLock { state in
      if state.callsInFlight == 0 {
        state.found = openblas_get_num_threads()
        if state.found != 1 { openblas_set_num_threads(1) }
      }
      state.callsInFlight += 1
    }
    defer {
      state.withLock { state in
        state.callsInFlight -= 1
        if state.callsInFlight == 0, state.found != 1 { openblas_set_num_threads(state.found) }
      }
    }
    return try body()
  }

  /// OpenBLAS's present thread count: 1 while a call of ours is in flight.
  package static var current: Int { state.withLock { _ in Int(openblas_get_num_threads()) } }

  /// The thread count that OpenBLAS has when no call of ours is in flight.
  package static var outsideCalls: Int {
    state.withLock { state in Int(state.callsInFlight > 0 ? state.found : openblas_get_num_threads()) }
  }
}
