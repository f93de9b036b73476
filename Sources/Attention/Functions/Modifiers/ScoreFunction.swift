public import Tensors

/// A function of each score (or weight) and its place, as a type: what a ``ScoreProgram`` compiles into its loop whatever the function
/// has captured.
///
/// ```swift
/// struct LinearBias: ScoreFunction {
///   let slopes: [Float]
///   func callAsFunction(_ score: Float, batch: Int, head: Int, query: Int, key: Int) -> Float {
///     score - slopes[head] * Float(abs(query - key))
///   }
/// }
/// let program = ScoreProgram(LinearBias(slopes: [0.5, 0.25]))
/// ```
public protocol ScoreFunction<Scalar>: Sendable {
  associatedtype Scalar: BLASScalar

  /// The new value for a score, or weight, of batch element b, query head h, query i and key j; see ``ScoreProgram``.
  func callAsFunction(_ score: Scalar, batch: Int, head: Int, query: Int, key: Int) -> Scalar
}

extension ScoreProgram {
  /// - Parameter function: compiled into the loop over a tile of scores, in the module that calls this.
  @inlinable
  public init<Function: ScoreFunction>(_ function: Function) where Function.Scalar == Scalar {
    self.init(applyToTile: { tile in
      tile.map { function($0, batch: $1, head: $2, query: $3, key: $4) }
    })
  }
}
