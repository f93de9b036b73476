internal import ArgumentParser
internal import Checkpoints

/// `--precision`: the type that is computed in.
enum Precision: String, CaseIterable, ExpressibleByArgument, Sendable {
  case f32
  case f64

  /// What is computed in when nothing is asked for: Double for a query in Double, Float for every other.
  init(query: ElementType) {
    self = query == .float64 ? .f64 : .f32
  }
}
