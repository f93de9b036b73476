internal import ArgumentParser

@main
struct AttentionTool: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "attention",
    abstract: "Attention on the CPU, on BLAS: compute it on safetensors files, and check this machine.",
    discussion: """
      Start with `attention doctor`, which says what this machine computes with and whether its numbers are right; \
      then `attention run` computes one scaled-dot-product attention, `attention mha` one multi-head layer. \
      `attention walkthrough` shows all steps of an example, or of a sentence of yours.

      Letters: B batch, H query heads, G key/value heads, L queries, S keys, D head size, Dv head size of the values, \
      E embedding size.

      \(ExitCode.explanation)
      """,
    version: version,
    subcommands: [RunCommand.self, MHACommand.self, DoctorCommand.self, WalkthroughCommand.self])
}

extension ExitCode {
  /// EX_DATAERR of sysexits.h.
  static let badInput = ExitCode(65)
  /// EX_CANTCREAT of sysexits.h.
  static let badOutput = ExitCode(73)

  /// For the help of each command.
  static let explanation = """
    EXIT STATUS
      0   done
      64  wrong usage
      65  a file or a shape is wrong: one line on standard error says which
          and how, nothing is written
      73  the output can't be written; a file that was there is as it was
    """
}
