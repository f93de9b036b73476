internal import ArgumentParser

/// Options of `--growth`; nil where the command line does not say.
struct GrowthArguments: ParsableArguments {
  @Option(
    name: .customLong("growth-heads"), parsing: .unconditional,
    help: ArgumentHelp("Heads, 1 to 1024; by default 1.", valueName: "H"))
  var heads: Int?

  @Option(
    name: .customLong("growth-head-size"), parsing: .unconditional,
    help: ArgumentHelp("Head size, 1 to 1024; by default 64.", valueName: "D"))
  var headSize: Int?

  @Option(
    name: .customLong("growth-window"), parsing: .unconditional,
    help: ArgumentHelp("Keys that a query of the window attends, 1 to 65536; by default 512.", valueName: "n"))
  var window: Int?

  @Option(
    name: .customLong("growth-longest"), parsing: .unconditional,
    help: ArgumentHelp("The last S, a power of two from 128 to 1048576; by default 65536.", valueName: "S"))
  var longest: Int?

  var options: GrowthOptions {
    var options = GrowthOptions()
    if let heads { options.heads = heads }
    if let headSize { options.headSize = headSize }
    if let window { options.window = window }
    if let longest { options.longest = longest }
    return options
  }

  /// By the names of the options: those that are given.
  private var given: [(name: String, value: Int)] {
    [
      ("--growth-heads", heads), ("--growth-head-size", headSize), ("--growth-window", window),
      ("--growth-longest", longest),
    ].compactMap { name, value in value.map { (name, $0) } }
  }

  /// That nothing is given without `--growth`, and nothing out of range.
  func check(isGrowth: Bool) throws {
    if !isGrowth, let first = given.first {
      throw ValidationError("\(first.name) is \(first.value): expected with --growth only")
    }
    let limits = ["--growth-heads": 1024, "--growth-head-size": 1024, "--growth-window": 65_536]
    for (name, value) in given {
      if let limit = limits[name], !(1...limit).contains(value) {
        throw ValidationError("\(name) is \(value): expected 1 to \(limit)")
      }
    }
    let options = options
    let isPower = options.longest > 0 && options.longest & (options.longest - 1) == 0
    guard isPower, (GrowthOptions.shortest...(1 << 20)).contains(options.longest) else {
      throw ValidationError(
        "--growth-longest is \(options.longest): expected a power of two from \(GrowthOptions.shortest) to \(1 << 20)")
    }
    let elements = 4 * options.heads * options.longest * options.headSize
    guard elements <= CaseError.elementLimit else {
      throw ValidationError(
        "--growth needs \(elements) numbers in all operands together: expected at most \(CaseError.elementLimit)")
    }
  }
}
