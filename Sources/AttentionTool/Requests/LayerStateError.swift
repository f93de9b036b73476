internal import Attention
internal import Checkpoints

/// What is wrong with the parameters in a file, all at once: names and shapes, and types.
struct LayerStateError: Error, Equatable, CustomStringConvertible {
  /// What is missing, unexpected or of another shape; nil: nothing.
  let parameters: AttentionError?
  /// For each tensor that can't be a parameter because of its type.
  let types: [CheckpointError]

  var description: String {
    ((parameters.map { ["\($0)"] } ?? []) + types.map { "\($0)" }).joined(separator: "; ")
  }
}
