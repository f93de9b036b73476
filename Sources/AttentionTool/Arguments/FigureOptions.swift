internal import ArgumentParser
internal import Attention

/// The options that ask for figures about the weights.
struct FigureOptions: ParsableArguments {
  @Flag(help: "Write entropy [B,H,L]: how many keys a query spreads its weights over, as a logarithm.")
  var entropy = false

  @Flag(help: "Write maximum_weight and maximum_key [B,H,L].")
  var maximum = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Write top_keys and top_weights [B,H,L,K], the keys of each query's K greatest weights.",
      valueName: "k"))
  var topKeys: Int?

  @Flag(help: "Write key_totals [B,H,S]: how much each key is attended by all queries.")
  var keyTotals = false

  func validate() throws {
    guard let topKeys else { return }
    if topKeys < 1 { throw ValidationError("--top-keys is \(topKeys), expected 1 or more") }
    if topKeys > Int(Int32.max) { throw ValidationError("--top-keys is \(topKeys), expected at most \(Int32.max)") }
  }

  /// What the options ask for; nil: nothing.
  var inspection: AttentionInspection? {
    var figures: AttentionFigureSet = []
    if entropy { figures.insert(.entropy) }
    if maximum { figures.insert(.maximum) }
    if keyTotals { figures.insert(.keyTotals) }
    return figures.isEmpty && topKeys == nil ? nil : AttentionInspection(figures, topKeys: topKeys)
  }
}
