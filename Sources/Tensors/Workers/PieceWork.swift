/// Work in pieces that do not depend on each other, for ``FanOut``.
///
/// A closure does as well, but handing one to other threads allocates; a value of such a type stays where it is.
package protocol PieceWork {
  /// Does one piece.
  ///
  /// Runs on several threads at once: two pieces must not write to the same memory. Must not fan out itself.
  ///
  /// - Parameter worker: names scratch that no other running piece has.
  func run(piece: Int, worker: Int)
}

/// A closure as work.
struct ClosureWork: PieceWork {
  let body: (_ piece: Int, _ worker: Int) -> Void

  func run(piece: Int, worker: Int) { body(piece, worker) }
}
