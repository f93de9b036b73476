internal import ArgumentParser
internal import Attention
internal import Foundation
internal import Reporting

@main
struct AttentionBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attention-benchmark",
    abstract: "Times attention by BLAS and by tiles against a naive kernel, after checking that they agree.",
    discussion: """
      Every path computes the same input, first checked against loops in Double: on disagreement nothing of the case is \
      timed and the exit status is 1. Then all run in turn, round by round, so that a change in the machine's speed meets \
      all alike. GFLOP/s counts useful work: under a causal mask the pairs of query and key that are attended. Speed-ups \
      are over the naive kernel on one thread, whatever a path's own thread count. What the machine can do is measured in \
      the same rounds: a large matrix product (% sgemm), multiply-adds in registers (% peak), and for up to \
      \(AttentionCase.decodingLimit) queries how fast as many bytes as the keys and values have can be read (% read).
      """,
    version: "attention-benchmark 0.1.0")

  @Option(
    name: .customLong("case"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A case by name (repeatable): \(BenchmarkCase.named.map(\.name).joined(separator: ", ")).", valueName: "name"))
  var caseName: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Attention of your own sizes (repeatable): queries [B,H,L,D], keys and values [B,G,S,D]; causal: j ≤ i.",
      valueName: "B,H,G,L,S,D[,causal]"))
  var shape: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A multi-head self-attention layer with its projections (repeatable), and the share of its stages; over a cache that "
        + "holds as many rows.",
      valueName: "B,L,E,H[,cached]"))
  var layer: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Threads, 1 to \(FanOut.concurrentCallers) (repeatable); by default 1, and as many as there are.", valueName: "n")
  )
  var threads: [Int] = []

  @Option(
    help:
      "What to time besides the naive kernel (repeatable); by default blas, tiled and fused, and auto with --growth.")
  var path: [BenchmarkPath] = []

  @Option(parsing: .unconditional, help: "Samples of each path, at most: 1 to 10000.")
  var samples = 21

  @Option(
    parsing: .unconditional,
    help: """
      Seconds for a case's rounds, up to 3600; a naive kernel that needs longer for one run is left out, and with \
      --growth every longer run.
      """)
  var seconds = 10.0

  @Option(parsing: .unconditional, help: "Seed of the random input, 0 or more.")
  var seed: UInt64 = 1

  @Flag(
    help:
      "Time the paths and nothing else: no naive kernel, no matrix product, no peak, no stages; some rows are checked.")
  var alone = false

  @Flag(
    help: """
      The steps from the naive kernel to the fused path on all threads, and what each gains; by default on bert512 and \
      decode4k.
      """)
  var ladder = false

  @Flag(
    help: "Time and scratch against S = L, without a mask, causal and in a window, and the exponents of their growth.")
  var growth = false

  @OptionGroup(title: "Growth")
  var growthArguments: GrowthArguments

  @Option(help: "The form of the results.")
  var format = Report.Format.table

  @Option(help: ArgumentHelp("Write the results to a file, whole or not at all.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp("Draw the results into a file as well: bars of GFLOP/s, or growth as lines.", valueName: "file"))
  var svg: String?

  @Option(
    help: ArgumentHelp(
      "Write each case's input, and each path's output, as <case>.safetensors into a folder that exists.",
      valueName: "folder"))
  var export: String?

  func validate() throws { try check() }

  func run() throws { try measure() }

  /// The cases asked for: by name, then shapes, then layers; without any, all that have names.
  func cases() throws -> [BenchmarkCase] {
    let named = try caseName.map { name in
      guard let found = BenchmarkCase.named.first(where: { $0.name == name }) else {
        let names = BenchmarkCase.named.map(\.name).joined(separator: ", ")
        throw ValidationError("--case is \(name): expected one of \(names)")
      }
      return found
    }
    do {
      let given =
        try named + shape.map { .attention(try AttentionCase(parsing: $0)) }
        + layer.map { .layer(try LayerCase(parsing: $0)) }
      return given.isEmpty ? BenchmarkCase.named.filter { !ladder || Self.ladderNames.contains($0.name) } : given
    } catch let error as CaseError {
      throw ValidationError(error.description)
    }
  }
}

extension BenchmarkPath: ExpressibleByArgument {}
extension Report.Format: ExpressibleByArgument {}
