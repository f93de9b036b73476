import Attention
import Foundation
import Support
import Testing

@Suite("Documentation")
struct DocumentationTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static let pages: [String] = {
    let folder = root.appending(path: "Sources/Attention/Attention.docc")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return ["README.md"]
      + names.filter { $0.hasSuffix(".md") }.sorted().map { "Sources/Attention/Attention.docc/\($0)" }
  }()

  @Test("every Swift block of every page is compiled", arguments: pages)
  func blocksAreCompiled(page: String) throws {
    let source = try String(
      contentsOf: Self.root.appending(path: "Tests/AttentionTests/Documentation/Snippets.swift"), encoding: .utf8)
    let compiled = Page.lines(of: source)
    for block in try Page(Self.root.appending(path: page)).blocks where block.language == "swift" {
      let lines = Page.lines(of: block.text).filter { !$0.hasPrefix("import ") }
      #expect(!lines.isEmpty, "\(page) has an empty block")
      #expect(
        compiled.windows(ofCount: lines.count).contains { $0.elementsEqual(lines) },
        "\(page): this block does not stand in Snippets.swift:\n\(block.text)")
    }
  }

  @Test("there are pages, and blocks in them")
  func pagesAreFound() throws {
    #expect(Self.pages.count >= 6)
    let blocks = try Self.pages.flatMap { try Page(Self.root.appending(path: $0)).blocks }
    #expect(blocks.filter { $0.language == "swift" }.count >= 8)
  }

  @Test("README's example prints what README shows")
  func readmeOutput() throws {
    let page = try Page(Self.root.appending(path: "README.md"))
    let shown = try #require(page.blocks.first { $0.language == "text" })
    #expect(try Snippets.readme() == shown.text)
  }

  @Test("explain() prints what the page on tiles shows")
  func explainOutput() throws {
    let page = try Page(Self.root.appending(path: "Sources/Attention/Attention.docc/FromTheEquationToTheTiles.md"))
    let shown = try #require(page.blocks.first { $0.language == "text" })
    #expect(try Snippets.explain() == shown.text)
  }

  @Test("explain() prints what the page on scores and patterns shows, and its programs are biases")
  func scoresAndPatterns() throws {
    let page = try Page(Self.root.appending(path: "Sources/Attention/Attention.docc/ScoresAndPatterns.md"))
    let shown = try #require(page.blocks.first { $0.language == "text" })
    #expect(try Snippets.explainPattern() == shown.text)

    var random = SeededGenerator(seed: 6)
    let x: Tensor<Float> = try random.normal([1, 2, 9, 4])
    let slopes: [Float] = [0.5, 0.25]
    let elements = (0..<2 * 81).map { index -> Float in
      let (query, key) = (index / 9 % 9, index % 9)
      return -slopes[index / 81] * Float(abs(query - key))
    }
    let bias = AttentionMask<Float>.bias(try Tensor(elements, shape: [2, 9, 9]))
    func expect(_ output: Tensor<Float>, _ mask: AttentionMask<Float>) throws {
      let expected = try scaledDotProductAttention(queries: x, keys: x, values: x, mask: mask)
      let comparison = Comparison(output, expected.doubles, shape: [1, 2, 9, 4], absolute: 1e-5)
      #expect(comparison.isWithin, "\(comparison)")
    }
    try expect(Snippets.scoreFunction(q: x, k: x, v: x), bias)
    let local = (0..<81).map { index -> Bool in
      let (query, key) = (index / 9, index % 9)
      return key <= query && query / 4 == key / 4
    }
    try expect(Snippets.scoreProgram(q: x, k: x, v: x), bias & .keep(Tensor(local, shape: [9, 9])))
    let prefix = (0..<81).map { $0 % 9 <= $0 / 9 || $0 % 9 < 3 }
    try expect(Snippets.predicate(x: x), .keep(Tensor(prefix, shape: [9, 9])))
  }

  @Test("the page on tokens shows what its snippets give")
  func tokens() throws {
    let (layer, output, next) = try Snippets.tokens()
    #expect(output.shape == [2, 3, 6] && next.shape == [1, 1, 6])
    let page = try Page(Self.root.appending(path: "Sources/Attention/Attention.docc/FromTokensToVectors.md"))
    let shown = try #require(page.blocks.first { $0.language == "text" })
    #expect(Snippets.described(layer) == shown.text)

    let (product, column, bias) = try Snippets.oneHot()
    #expect(try product == zip(column, #require(bias)).map { $0 + $1 })

    let path = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try Snippets.saved(layer, path: path).parameters == layer.parameters)
  }

  @Test("the page on PyTorch's layer shows what its snippets give")
  func wholeTorchLayer() throws {
    let (fresh, given) = try Snippets.keysOfItsOwn(row: Tensor(repeating: 0.5, shape: [1, 1, 6]))
    #expect(fresh.appendedKeys.count == 2 && given.appendedKeys.count == 1)
    let printed = try Snippets.wholeTorchLayer(
      state: fresh.stateDict(), x: Tensor(repeating: 1, shape: [7, 2, 6]),
      memory: Tensor(repeating: 2, shape: [5, 2, 6]), distances: Tensor(zeros: [7, 5]),
      padding: Tensor(rows: [[false, false, false, false, true], [false, false, true, true, true]]))
    let page = try Page(Self.root.appending(path: "Sources/Attention/Attention.docc/TheWholeTorchLayer.md"))
    let shown = try #require(page.blocks.first { $0.language == "text" })
    #expect(printed == shown.text)
  }

  @Test("the worked example prints what its page shows")
  func workedExample() throws {
    let page = try Page(Self.root.appending(path: "Sources/Attention/Attention.docc/TheWorkedExample.md"))
    let shown = page.blocks.filter { $0.language == "text" }.map(\.text)
    #expect(try Snippets.workedExample() == shown)
    for row in ["0.0808 0.1848 0.2887", "0.2994 0.3321 0.3685", "0.2514 0.326  0.4227", "0.2078 0.3149 0.4773"] {
      #expect(shown[1].contains(row))
    }
    #expect(shown[3].hasPrefix("output [2, 3, 4]\n"))

    // The article's module by its names, against PyTorch.
    let golden = try GoldenFile("mha")
    let module = try Snippets.articleModule(state: golden.tensors(under: "article/state/", convertedTo: Double.self))
    let inputs = try ["query", "key", "value"].map { try golden.tensor("article/\($0)", convertedTo: Double.self) }
    let expected = try golden.tensor("article/output", as: Double.self)
    let comparison = Comparison(
      try module(query: inputs[0], key: inputs[1], value: inputs[2]), expected.elements, shape: expected.shape,
      absolute: 1e-13)
    #expect(comparison.isWithin, "\(comparison)")
  }

  @Test("the page on linear attention shows what its snippets give")
  func linear() throws {
    let page = try Page(Self.root.appending(path: "Sources/Attention/Attention.docc/LinearAttention.md"))
    let shown = page.blocks.filter { $0.language == "text" }.map(\.text)
    let (printed, latest, state) = try Snippets.linear()
    #expect(printed == shown.joined())
    #expect(state == latest)
  }

  @Test("the page on looking inside shows what its snippets print")
  func lookingInside() throws {
    let page = try Page(Self.root.appending(path: "Sources/Attention/Attention.docc/LookingInside.md"))
    let shown = page.blocks.filter { $0.language == "text" }.map(\.text)
    let printed = try Snippets.lookingInside()
    #expect(printed == shown, "\(printed.joined(separator: "---\n"))")
  }

  @Test("the page on caches shows what its snippets give")
  func caches() throws {
    var random = SeededGenerator(seed: 3)
    let (q, k, v) = (
      try random.normal([1, 4, 10, 4], as: Float.self), try random.normal([1, 2, 10, 4], as: Float.self),
      try random.normal([1, 2, 10, 4], as: Float.self)
    )
    let given = try Snippets.caches(q: q, k: k, v: v)
    let page = try Page(Self.root.appending(path: "Sources/Attention/Attention.docc/KeyValueCaches.md"))
    let x: Tensor<Float> = try random.normal([1, 10, 8])
    let layers = try Snippets.layerCaches(x: x)
    // The layer's text is the second.
    var printed = given.printed
    printed.insert(layers.printed, at: 1)
    #expect(printed == page.blocks.filter { $0.language == "text" }.map(\.text))
    let wholeOfLayer = try layers.layer(x, mask: .causal).sliced(axis: 1, 9..<10)
    let last = Comparison(layers.last, wholeOfLayer.doubles, shape: [1, 1, 8], absolute: 1e-6)
    #expect(last.isWithin && layers.borrowed.shape == [1, 1, 8], "\(last)")
    let whole = try scaledDotProductAttention(queries: q, keys: k, values: v, mask: .causal)
    for (output, range) in zip(given.outputs + [given.again, given.last], [0..<5, 5..<6, 6..<7, 6..<7, 9..<10]) {
      let rows = try whole.sliced(axis: 2, range)
      let comparison = Comparison(output, rows.doubles, shape: rows.shape, absolute: 1e-6)
      #expect(comparison.isWithin, "\(range): \(comparison)")
    }
  }

  @Test("the page on positions shows what its snippets give")
  func positions() throws {
    let page = try Page(Self.root.appending(path: "Sources/Attention/Attention.docc/PositionsAndDistances.md"))
    let shown = try #require(page.blocks.first { $0.language == "text" })
    #expect(try Snippets.alibi() == shown.text)

    var random = SeededGenerator(seed: 5)
    let x: Tensor<Float> = try random.normal([1, 2, 4, 4])
    let row = try x.sliced(axis: 2, 3..<4)
    let (output, next) = try Snippets.rotary(queries: x, keys: x, values: x, query: row)
    #expect(output.shape == x.shape)
    // Row 3 of the whole is the row at position 3.
    let rotary = try RotaryPositions<Float>(rotarySize: 4, base: 500_000)
    #expect(try next == rotary(x).sliced(axis: 2, 3..<4))

    let tokens: Tensor<Float> = try random.normal([1, 4, 8])
    let (layer, prompt, following) = try Snippets.rotaryLayer(
      tokens: tokens.sliced(axis: 1, 0..<3), token: tokens.sliced(axis: 1, 3..<4))
    let rows = try layer(tokens, mask: .causal)
    for (output, range) in [(prompt, 0..<3), (following, 3..<4)] {
      let expected = try rows.sliced(axis: 1, range)
      let comparison = Comparison(output, expected.doubles, shape: expected.shape, absolute: 1e-6)
      #expect(comparison.isWithin, "\(range): \(comparison)")
    }

    let long = try Snippets.stretched()
    #expect(long.attentionFactor > 1 && long.inverseFrequencies[1] < 0.01)
    let joined = try x.mergingHeads()
    let positions = try Tensor([3, 2, 1, 0], shape: [1, 4])
    let rotated = try Snippets.rotaryTables(x: joined, cosines: long.cosines, sines: long.sines, positions: positions)
    let pairs = try RotaryPositions(cosines: long.cosines, sines: long.sines, pairing: .interleaved)
    #expect(try rotated.splittingHeads(2) == pairs(x, at: .given(positions)))

    // A table of equal numbers changes no weight.
    let equal = try Tensor<Float>(repeating: 0.5, shape: [32, 2])
    let biased = try Snippets.buckets(queries: x, keys: x, values: x, table: equal)
    let plain = try scaledDotProductAttention(queries: x, keys: x, values: x, scale: 1)
    let comparison = Comparison(biased, plain.doubles, shape: x.shape, absolute: 2e-6)
    #expect(comparison.isWithin, "\(comparison)")
  }

  @Test("the page on sinks, dropout and packed sequences shows what its snippets give")
  func sinksDropoutPacked() throws {
    var random = SeededGenerator(seed: 6)
    let (rows, memory): (Tensor<Float>, Tensor<Float>) = (
      try random.normal([5, 2, 4]), try random.normal([7, 2, 4])
    )
    let given = try Snippets.sinksDropoutPacked(rows: rows, memoryRows: memory)
    let page = try Page(Self.root.appending(path: "Sources/Attention/Attention.docc/SinksDropoutPacked.md"))
    #expect(given.printed == page.blocks.filter { $0.language == "text" }.map(\.text))
    // The last sequence is as by itself.
    func alone(_ tensor: Tensor<Float>, _ range: Range<Int>) throws -> Tensor<Float> {
      try tensor.sliced(axis: 0, range).transposed(0, 1).insertingAxis(0)
    }
    for (output, keys) in [(given.packed, try alone(rows, 3..<5)), (given.crossed, try alone(memory, 5..<7))] {
      let expected = try scaledDotProductAttention(
        queries: alone(rows, 3..<5), keys: keys, values: keys, mask: .causal)
      let comparison = Comparison(
        try alone(output, 3..<5), expected.doubles, shape: expected.shape, absolute: 1e-6)
      #expect(comparison.isWithin, "\(comparison)")
    }

    let layer = try MultiHeadAttention<Float>(embeddingSize: 8, headCount: 2, seed: 1)
    let x: Tensor<Float> = try random.normal([2, 3, 8])
    let last = try layer(
      x, modifiers: AttentionModifiers(dropout: AttentionDropout(probability: 0.1, seed: 2)), needsWeights: .none,
      options: AttentionOptions())
    #expect(try Snippets.trainingSteps(layer: layer, x: x) == last.output)
  }

  @Test("the other snippets give what their pages say")
  func snippetsRun() throws {
    let x = try Tensor<Float>(repeating: 0.5, shape: [2, 2, 3, 4])
    #expect(try Snippets.landing(q: x, k: x, v: x) == [2, 2, 3, 4])
    let padding = try Tensor(repeating: true, shape: [2, 1, 1, 9])
    #expect(Snippets.masks(padding: padding) == "causal & keyLengths[7, 5] & keep[2, 1, 1, 9]")
    // Equal values: their mean is one of them.
    #expect(try Snippets.ownMemory().allSatisfy { abs($0 - 0.5) < 1e-6 })
    #expect(try Snippets.growingKeys().elements.allSatisfy { abs($0 - 0.5) < 1e-6 })
    #expect(try Snippets.threads(q: x, k: x, v: x).elements.allSatisfy { abs($0 - 0.5) < 1e-6 })
    let layer = try Snippets.loading(
      path: Self.root.appending(path: "Tests/Golden/minilm_layer0.safetensors").path)
    #expect(layer.embeddingSize == 384)
    let ignored = try Tensor(rows: [[false, false, true]])
    let y = try Snippets.torchMasks(layer: layer, x: Tensor(repeating: 0.5, shape: [1, 3, 384]), padding: ignored)
    #expect(y.shape == [1, 3, 384])
  }
}

/// A Markdown page's fenced blocks.
private struct Page {
  struct Block {
    let language: String
    let text: String
  }

  let blocks: [Block]

  init(_ url: URL) throws {
    var blocks: [Block] = []
    var language: String?
    var text = ""
    for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        if let open = language {
          blocks.append(Block(language: open, text: text))
          (language, text) = (nil, "")
        } else {
          language = String(line.dropFirst(3))
        }
      } else if language != nil {
        text += line + "\n"
      }
    }
    self.blocks = blocks
  }

  /// Lines without indentation and without empty ones.
  static func lines(of text: String) -> [String] {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }
}

extension Array {
  fileprivate func windows(ofCount count: Int) -> [ArraySlice<Element>] {
    guard count > 0, count <= self.count else { return [] }
    return (0...(self.count - count)).map { self[$0..<($0 + count)] }
  }
}
