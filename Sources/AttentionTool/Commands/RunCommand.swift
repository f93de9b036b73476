internal import ArgumentParser
internal import Attention
internal import ONNXConventions

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Compute one scaled-dot-product attention: softmax(mask(softcap(scale·Q·Kᵀ) + bias))·V.",
    discussion: """
      The ONNX operator Attention (opset 25) on a safetensors file.

      IN holds
        query       [B,H,L,D], or [B,L,H·D] with --heads
        key, value  [B,G,S,D] and [B,G,S,Dv], or [B,S,G·D] and [B,S,G·Dv];
                    H is a multiple of G
      and optionally
        mask        of rank 1 to 4, right-aligned to [B,H,L,S]; BOOL: true =
                    attend; floating point: added. If its last dimension is
                    shorter than S, 1 included, the keys beyond it are masked
        kv_lengths  I64 or I32 [B]: how many keys of a batch element are keys,
                    not padding
        past_key, past_value
                    [B,G,P,D] and [B,G,P,Dv], put before key and value; S counts
                    P too then. Not together with kv_lengths

      OUT holds
        output      [B,H,L,Dv] or [B,L,H·Dv], with query's rank and type
        present_key, present_value
                    with a past: [B,G,P+S,D] and [B,G,P+S,Dv], of key's and
                    value's type
        scores      with --stage: [B,H,L,S], of query's type
        log_sum_exp with --log-sum-exp: [B,H,L], of the type computed in
        entropy     with --entropy: [B,H,L], in nats; this and what follows of
                    the type computed in, keys I64, all without a score matrix
        maximum_weight, maximum_key
                    with --maximum: [B,H,L]; key -1 for a query without weights
        top_keys, top_weights
                    with --top-keys K: [B,H,L,K], the greatest first; key -1 of
                    weight 0 where there are fewer
        key_totals  with --key-totals: [B,H,S], weights summed over the queries

      Floating point is F64, F32, F16 or BF16. A query with nothing to attend
      gives an output of 0 and a log_sum_exp of -inf.

      --causal and --window need to know where query 0 stands among the keys: at
      key P with a past, at key kv_lengths[b] - L with lengths, else at key 0.

      EXAMPLE: 2 sentences of 7 words, 8 heads of 64, without looking ahead
        python3 -c '
        import torch, safetensors.torch as st
        st.save_file({name: torch.randn(2, 8, 7, 64)
                      for name in ("query", "key", "value")}, "in.safetensors")'
        attention run in.safetensors --output out.safetensors --causal --explain

      \(ExitCode.explanation)
      """)

  @Argument(help: ArgumentHelp("The safetensors file with query, key and value.", valueName: "in"))
  var input: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The safetensors file to write, whole or not at all; may be IN.", valueName: "out"))
  var output: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("H, the query heads of a query of rank 3 [B,L,H·D].", valueName: "h"))
  var heads: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("G, the heads of a key and value of rank 3 [B,S,G·D]; without it H.", valueName: "g"))
  var kvHeads: Int?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("The factor of Q·Kᵀ; without it 1/√D.", valueName: "x"))
  var scale: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Scores become x·tanh(score/x), before bias and mask; 0: they don't.", valueName: "x"))
  var softcap: Double?

  @Flag(help: "A query attends no key after its own place.")
  var causal = false

  @Flag(help: "The same with the last query standing at the last key; a --window counts from there too.")
  var causalBottomRight = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A query attends LEFT keys before its own place and RIGHT after it; -1: all.",
      valueName: "left,right"),
    transform: KeyWindow.init(argument:))
  var window: KeyWindow?

  @Option(
    help: ArgumentHelp(
      "Write scores [B,H,L,S]: scaled (raw), after softcap, after bias and mask (-inf where masked), or probabilities.",
      valueName: "stage"))
  var stage: ScoreStage?

  @Flag(help: "Write log_sum_exp [B,H,L], the logarithm of each row's sum of exponentials.")
  var logSumExp = false

  @OptionGroup var figures: FigureOptions

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    for (name, count) in [("--heads", heads), ("--kv-heads", kvHeads)] {
      if let count, count < 1 { throw ValidationError("\(name) is \(count), expected 1 or more") }
      if let count, count > Int(Int32.max) {
        throw ValidationError("\(name) is \(count), expected at most \(Int32.max)")
      }
    }
    if let kvHeads {
      guard let heads else { throw ValidationError("--kv-heads needs --heads beside it") }
      guard heads % kvHeads == 0 else {
        throw ValidationError("--heads is \(heads), expected a multiple of --kv-heads, which is \(kvHeads)")
      }
    }
    if let scale, !scale.isFinite { throw ValidationError("--scale is \(scale), expected a finite number") }
    if let softcap, !(softcap >= 0 && softcap.isFinite) {
      throw ValidationError("--softcap is \(softcap), expected a finite number, 0 or more")
    }
    if causal, causalBottomRight {
      throw ValidationError("--causal and --causal-bottom-right exclude each other: they place the queries differently")
    }
  }

  /// What the options ask for.
  var request: RunRequest {
    RunRequest(
      heads: heads, keyValueHeads: kvHeads, scale: scale, softcap: softcap,
      causality: causalBottomRight ? .bottomRight : causal ? .onnx : .none, window: window, stage: stage,
      givesLogSumExp: logSumExp, inspection: figures.inspection, path: compute.path, precision: compute.precision,
      threads: compute.threads,
      explains: compute.explain)
  }

  func run() throws {
    try reportingFailures {
      let file = try InputFile(path: input)
      let result = try file.reading { try request($0) }
      try result.write(to: output)
      if let warning = file.warning(known: RunRequest.inputNames) { StandardError.write(warning) }
      if compute.explain { print(result.explanation) }
    }
  }
}
