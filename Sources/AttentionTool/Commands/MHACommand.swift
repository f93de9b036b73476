public import ArgumentParser
public import Attention

struct MHACommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mha",
    abstract: "Compute one multi-head attention layer, projections included.",
    discussion: """
      PyTorch's nn.MultiheadAttention on safetensors files.

      IN holds
        query       [B,L,E], with --sequence-first [L,B,E]; [L,E] for one sequence
        key, value  [B,S,Ek] and [B,S,Ev], [S,B,Ek] and [S,B,Ev], or [S,Ek] and
                    [S,Ev]
      and optionally, in PyTorch's polarity (BOOL: true = ignore; floating point:
      added)
        attn_mask   [L,S], or [B·H,L,S] with index b·H + h
        key_padding_mask
                    [B,S], or [S] for one sequence; a mask's size of 1 repeats

      STATE holds the parameters, each bias optional if all are missing
        torch       in_proj_weight [3E,E], or q_proj_weight [E,E],
                    k_proj_weight [E,Ek] and v_proj_weight [E,Ev];
                    in_proj_bias [3E], out_proj.weight [E,E], out_proj.bias [E];
                    bias_k and bias_v [1,1,E], both or neither: a key and value
                    that follow those of every sequence, as add_bias_kv=True
        article     query_linear, key_linear, value_linear, out_linear, each
                    with .weight and .bias
        bert        attention.self.query, attention.self.key,
                    attention.self.value, attention.output.dense, likewise

      OUT holds
        output      query's shape and type
        weights     with --need-weights: [B,L,S], the mean over heads; with
                    --per-head: [B,H,L,S]; of query's type. S counts the keys that
                    follow: S+1 with bias_k or --add-zero-attn, S+2 with both

      Masks and --causal are about the keys of IN: those that follow are always
      attended. A query with nothing to attend gives the bias of the output
      projection and weights of 0, where PyTorch gives NaN.

      EXAMPLE: the first layer of a BERT model with 12 heads; query, key and value
      in x.safetensors are all its hidden states [B,L,E]
        attention mha x.safetensors --output y.safetensors --heads 12 \\
          --weights model.safetensors --names bert --prefix encoder.layer.0.

      \(ExitCode.explanation)
      """)

  @Argument(help: ArgumentHelp("The safetensors file with query, key and value.", valueName: "in"))
  var input: String

  @Option(help: ArgumentHelp("The safetensors file with the layer's parameters.", valueName: "state"))
  var weights: String

  @Option(parsing: .unconditional, help: ArgumentHelp("H, the heads, which divide E.", valueName: "h"))
  var heads: Int

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The safetensors file to write, whole or not at all; may be IN.", valueName: "out"))
  var output: String

  @Flag(help: "Query i attends no key after key i, as is_causal=True.")
  var causal = false

  @Flag(help: "A key and value of zeros follow those of every sequence, as add_zero_attn=True.")
  var addZeroAttn = false

  @Flag var axisOrder: AxisOrder = .batchFirst

  @Flag(help: "Write weights, the mean over heads [B,L,S].")
  var needWeights = false

  @Flag(help: "Write weights of every head [B,H,L,S]; implies --need-weights.")
  var perHead = false

  @Option(help: ArgumentHelp("What STATE calls the parameters.", valueName: "preset"))
  var names: ParameterNames.Preset = .torch

  @Option(help: ArgumentHelp("What precedes every parameter's name in STATE.", valueName: "text"))
  var prefix = ""

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard heads >= 1 else { throw ValidationError("--heads is \(heads), expected 1 or more") }
  }

  /// What the options ask for.
  var request: LayerRequest {
    LayerRequest(
      heads: heads, isCausal: causal, addsZeroKey: addZeroAttn, axisOrder: axisOrder,
      needsWeights: perHead ? .perHead : needWeights ? .averaged : .none,
      names: names, prefix: prefix, path: compute.path, precision: compute.precision, threads: compute.threads,
      explains: compute.explain)
  }

  func run() throws {
    try reportingFailures {
      let file = try InputFile(path: input)
      let result = try request(file, state: InputFile(path: weights))
      try result.write(to: output)
      if let warning = file.warning(known: LayerRequest.inputNames) { StandardError.write(warning) }
      if compute.explain { print(result.explanation) }
    }
  }
}

extension ParameterNames.Preset: ExpressibleByArgument {}

/// `--batch-first` and `--sequence-first`.
extension AxisOrder: EnumerableFlag {
  public static func help(for value: AxisOrder) -> ArgumentHelp? {
    switch value {
    case .batchFirst: "Inputs and output are [B,L,E], as batch_first=True."
    case .sequenceFirst: "Inputs and output are [L,B,E], as batch_first=False."
    }
  }
}
