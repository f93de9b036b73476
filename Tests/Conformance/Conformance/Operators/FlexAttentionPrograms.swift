internal import Attention
internal import Glibc

/// The subgraphs of the `FlexAttention` cases as the closures that a user of the library writes for them.
///
/// A graph is matched by its last operations, not by its name alone: another graph of the same name is not taken for it.
enum FlexAttentionPrograms {
  /// - Returns: nil where the case has no `score_mod`.
  /// - Throws: ``NotCovered`` for a graph that has no closure here.
  static func score<Scalar: BLASScalar>(
    of test: ConformanceCase, as type: Scalar.Type
  ) throws -> ScoreProgram<Scalar>? {
    guard let graph = try test.graph("score_mod") else { return nil }
    switch graph.steps {
    case ["scores_out = Add(scores, bias)"]:
      let bias = Scalar(try test.constant("bias", of: "score_mod"))
      return ScoreProgram { score, _, _, _, _ in score + bias }
    case ["scaled = Div(scores, cap)", "tanh_out = Tanh(scaled)", "scores_out = Mul(tanh_out, cap)"]:
      let cap = try test.constant("cap", of: "score_mod")
      return ScoreProgram { score, _, _, _, _ in Scalar(cap * tanh(score.asDouble / cap)) }
    case ["mask = GreaterOrEqual(q_idx, k_idx)", "scores_out = Where(mask, scores, neg_inf)"]:
      return ScoreProgram { score, _, _, query, key in query >= key ? score : -.infinity }
    case [
      "rel_pos = Sub(q_idx, k_idx)", "rel_pos_cast = Cast(rel_pos) {to: 1}", "scores_out = Add(scores, rel_pos_cast)",
    ]:
      return ScoreProgram { score, _, _, query, key in score + Scalar(query - key) }
    default:
      throw NotCovered("score_mod \(graph.name)")
    }
  }

  /// - Returns: nil where the case has no `prob_mod`.
  /// - Throws: ``NotCovered`` for a graph that has no closure here.
  static func probability<Scalar: BLASScalar>(
    of test: ConformanceCase, as type: Scalar.Type
  ) throws -> ScoreProgram<Scalar>? {
    guard let graph = try test.graph("prob_mod") else { return nil }
    guard graph.steps == ["probs_out = Mul(probs, scale)"] else { throw NotCovered("prob_mod \(graph.name)") }
    let scale = Scalar(try test.constant("scale", of: "prob_mod"))
    return ScoreProgram { probability, _, _, _, _ in probability * scale }
  }
}

extension AttributeGraph {
  /// The nodes without those that make the query's and the key's number: [L, 1] and [1, S] by Shape, Gather, Range and Reshape.
  fileprivate var steps: [String] {
    let numbering = [
      "scores_shape = Shape(scores)", "L_dim = Gather(scores_shape, idx_2) {axis: 0}",
      "S_dim = Gather(scores_shape, idx_3) {axis: 0}", "q_range = Range(zero, L_dim, one)",
      "q_idx = Reshape(q_range, q_shape)", "k_range = Range(zero, S_dim, one)", "k_idx = Reshape(k_range, k_shape)",
    ]
    return nodes.starts(with: numbering) ? Array(nodes.dropFirst(numbering.count)) : nodes
  }
}
