/// What can be measured.
enum BenchmarkCase: Equatable, Sendable {
  case attention(AttentionCase)
  case layer(LayerCase)

  /// All that have names, in the order of the report.
  static let named: [BenchmarkCase] = AttentionCase.all.map(Self.attention) + [.layer(.miniLM)]

  var name: String {
    switch self {
    case .attention(let problem): problem.name
    case .layer(let layer): layer.name
    }
  }
}
