/// How linear attention's state S [D, Dv] takes in a key k with its value v; the output is always o = scale·Sᵀ·q.
///
/// The raw values are the names that ONNX `LinearAttention` (opset 27) has for them. g is the decay, a logarithm (0 keeps all, below 0
/// forgets), β the update rate.
public enum LinearAttentionRule: String, Sendable, Hashable, CaseIterable {
  /// S ← S + k·vᵀ (Katharopoulos et al. 2020, "Transformers are RNNs", section 3.4, without a feature map and without the denominator).
  case linear
  /// S ← e^g·S + k·vᵀ (Yang et al. 2024, "Gated linear attention transformers with hardware-efficient training", section 4; with one g
  /// a head as in RetNet).
  case gated
  /// S ← S + β·k·(v − Sᵀk)ᵀ (Schlag et al. 2021, "Linear transformers are secretly fast weight programmers", section 4).
  case delta
  /// S ← e^g·S + β·k·(v − (e^g·S)ᵀk)ᵀ (Yang et al. 2025, "Gated delta networks", section 3).
  case gatedDelta = "gated_delta"

  /// Whether the rule needs a decay; it takes none otherwise.
  public var usesDecay: Bool { self == .gated || self == .gatedDelta }
  /// Whether the rule needs an update rate β; it takes none otherwise.
  public var usesBeta: Bool { self == .delta || self == .gatedDelta }
}
