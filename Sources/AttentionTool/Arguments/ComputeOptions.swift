public import ArgumentParser
public import Attention

/// The options of every command that computes: how, not what.
struct ComputeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The algorithm: auto, reference (plain loops), blas (whole rows of scores), tiled (no score matrix), fused (without BLAS; no weights or score stages).",
      valueName: "path"))
  var path: AttentionPath = .automatic

  @Option(
    help: ArgumentHelp(
      "Compute in Float (f32) or Double (f64); without it in Double where query is F64, else in Float.",
      valueName: "type"))
  var precision: Precision?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Threads to share the work, 1 or more; without it as many as affinity and cgroup allow.",
      valueName: "n"))
  var threads: Int?

  @Flag(help: "Print the plan to standard output: sizes, mask, path and why, tiles, work, memory, threads.")
  var explain = false

  func validate() throws {
    if let threads, threads < 1 {
      throw ValidationError("--threads is \(threads), expected 1 or more")
    }
  }
}

extension AttentionPath: ExpressibleByArgument {}
