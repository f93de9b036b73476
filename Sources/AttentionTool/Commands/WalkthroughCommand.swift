internal import ArgumentParser
internal import Attention
internal import Reporting

struct WalkthroughCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "walkthrough",
    abstract: "Show attention step by step, every matrix with its formula: an example, or words of your own.",
    discussion: """
      Without options, the worked example of an introductory article: three tokens, embedded; queries, keys, values; scores, \
      weights and output, with one head and with three; then its module of four linear layers (batch 2, length 3, d_model 4, \
      2 heads) with numbers drawn from a seed. Where the article is wrong, a correction says so. All numbers are computed \
      here, by the same functions that `run` and `mha` call.

      With --sentence the same for words of yours, their embeddings drawn from a seed, and the weights as a heat map: in \
      colour on a terminal, unless NO_COLOR is set, else in shades. Words are what stands between blanks (in Chinese, put \
      some between them); upper and lower case are one word, punctuation belongs to its word.

      With --weights the module has the parameters in STATE, in the article's names
        query_linear, key_linear, value_linear, out_linear, each with .weight
        [E,E] and .bias [E]
      and with --input the inputs in IN (PyTorch's module gives the same output)
        query       [B,L,E]
        key, value  [B,S,E]

      EXAMPLES
        attention walkthrough --sentence "the cat saw the other cat"
        attention walkthrough --sentence "我 喜欢 你 , 你 喜欢 我" --heads 4
        attention walkthrough --weights state.safetensors --heads 2

      EXIT STATUS
        0   done
        64  wrong usage, such as a sentence without words
        65  a file or a shape is wrong: one line on standard error says which
            and how
      """)

  @Option(parsing: .unconditional, help: ArgumentHelp("Words to attend to each other.", valueName: "text"))
  var sentence: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Determines every random number.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(parsing: .unconditional, help: ArgumentHelp("Heads of the module, or for the sentence.", valueName: "h"))
  var heads = 2

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Features of a word's embedding; without it 8. Needs --sentence.", valueName: "e"))
  var size: Int?

  @Option(help: ArgumentHelp("The safetensors file with the module's parameters.", valueName: "state"))
  var weights: String?

  @Option(help: ArgumentHelp("What precedes every parameter's name in STATE.", valueName: "text"))
  var prefix = ""

  @Option(
    help: ArgumentHelp(
      "The safetensors file with query, key and value; without it they are drawn. Needs --weights.", valueName: "in"))
  var input: String?

  /// E of a sentence.
  private var embeddingSize: Int { size ?? 8 }

  func validate() throws {
    guard heads >= 1 else { throw ValidationError("--heads is \(heads), expected 1 or more") }
    if input != nil, weights == nil { throw ValidationError("--input needs --weights beside it") }
    if !prefix.isEmpty, weights == nil { throw ValidationError("--prefix needs --weights beside it") }
    guard let sentence else {
      if size != nil { throw ValidationError("--size needs --sentence beside it") }
      if weights == nil, 4 % heads != 0 {
        throw ValidationError("--heads is \(heads), expected a divisor of the module's d_model, which is 4")
      }
      return
    }
    if weights != nil {
      throw ValidationError("--sentence and --weights exclude each other: the module has other inputs")
    }
    guard (1...4096).contains(embeddingSize) else {
      throw ValidationError("--size is \(embeddingSize), expected 1 to 4096")
    }
    guard embeddingSize % heads == 0 else {
      throw ValidationError("--heads is \(heads), expected a divisor of --size, which is \(embeddingSize)")
    }
    let count = SentenceExample.words(of: sentence).count
    guard (1...SentenceExample.wordLimit).contains(count) else {
      throw ValidationError("--sentence has \(count) words, expected 1 to \(SentenceExample.wordLimit)")
    }
  }

  /// What is printed.
  func page(on terminal: Terminal) throws -> WalkthroughPage {
    var page = WalkthroughPage(terminal: terminal)
    if let sentence {
      try SentenceExample(
        words: SentenceExample.words(of: sentence), embeddingSize: embeddingSize, headCount: heads, seed: seed
      ).write(to: &page, seed: seed)
      return page
    }
    // Files first: what is wrong with them is said before anything is printed.
    let module = try weights.map {
      try ModuleExample(
        state: InputFile(path: $0), prefix: prefix, input: input.map { try InputFile(path: $0) }, headCount: heads,
        seed: seed)
    }
    try WorkedExample().write(to: &page)
    try (module ?? ModuleExample(headCount: heads, seed: seed)).write(to: &page, origin: origin)
    page.correction(.attribution)
    return page
  }

  /// Where the module's numbers come from.
  private var origin: String {
    let drawn = "drawn from seed \(seed) as torch.randn draws them (other numbers than PyTorch's)"
    return switch (weights, input) {
    case (let weights?, let input?): "Parameters from \(weights.harmless), inputs from \(input.harmless)."
    case (let weights?, nil): "Parameters from \(weights.harmless); inputs \(drawn)."
    default:
      "Parameters are drawn from seed \(seed) as nn.Linear draws them, inputs as torch.randn; not PyTorch's numbers."
    }
  }

  func run() throws {
    try reportingFailures {
      print(try page(on: .standardOutput).text)
      if let input {
        let file = try InputFile(path: input)
        if let warning = file.warning(known: ModuleExample.inputNames) { StandardError.write(warning) }
      }
    }
  }
}
