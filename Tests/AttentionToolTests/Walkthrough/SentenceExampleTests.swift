import ArgumentParser
import Attention
import Reporting
import Support
import Testing

@testable import AttentionTool

@Suite("Walkthrough: a sentence")
struct SentenceExampleTests {
  private func example(_ sentence: String, size: Int = 6, heads: Int = 3, seed: UInt64 = 5) throws -> SentenceExample {
    try SentenceExample(
      words: SentenceExample.words(of: sentence), embeddingSize: size, headCount: heads, seed: seed)
  }

  private func page(_ sentence: String, _ options: String..., on terminal: Terminal = Terminal()) throws -> String {
    let command = try AttentionTool.parseAsRoot(["walkthrough", "--sentence", sentence] + options)
    return try #require(command as? WalkthroughCommand).page(on: terminal).text
  }

  @Test(arguments: [
    ("The cat saw the other cat.", ["The", "cat", "saw", "the", "other", "cat."], [0, 1, 2, 0, 3, 4]),
    ("  one\ttwo\n\none ", ["one", "two", "one"], [0, 1, 0]),
    ("我 喜欢 你　喜欢", ["我", "喜欢", "你", "喜欢"], [0, 1, 2, 1]),
    ("Émile émile", ["Émile", "émile"], [0, 0]),
  ])
  func wordsStandBetweenBlanks(sentence: String, words: [String], tokens: [Int]) throws {
    let example = try example(sentence)
    #expect(example.words == words)
    #expect(example.tokens.elements == tokens)
    #expect(example.vocabulary.count == Set(tokens).count)
  }

  @Test func everyStepIsThatOfPlainLoops() throws {
    let example = try example("a b c a d")
    let x = try example.embedded.matrix()
    #expect(x[0] == x[3] && x[0] != x[1])
    let several = try #require(example.severalHeads)
    for (steps, heads) in [(example.oneHead, 1), (several, 3)] {
      let size = 6 / heads
      for head in 0..<heads {
        let features = x.features((head * size)..<((head + 1) * size))
        let plain = PlainAttention(queries: features, keys: features, values: features)
        for (tensor, expected) in [
          (steps.scores, plain.scores), (steps.weights, plain.weights), (steps.output, plain.output),
        ] {
          let actual = try tensor.selecting(axis: 0, 0).selecting(axis: 0, head)
          let comparison = Comparison(
            actual, expected.flatMap { $0 }, shape: [5, expected[0].count], absolute: 1e-14, relative: 1e-14)
          #expect(comparison.isWithin, "\(comparison)")
        }
      }
    }
    #expect(example.projected.output.shape == [5, 6])
    #expect(example.projected.weights?.shape == [5, 5])
  }

  @Test func oneHeadIsShownOnce() throws {
    #expect(try example("a b", heads: 1).severalHeads == nil)
    let page = try page("a b", "--heads", "1")
    #expect(page.contains("3. A layer") && !page.contains("4. ") && !page.contains("mean over heads"))
  }

  @Test(arguments: [1, 2, 11, 12, 40])
  func everyWordHasItsRow(count: Int) throws {
    let words = (0..<count).map { "w\($0)" }
    let text = try page(words.joined(separator: " "))
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for title in ["A = softmax(S), by rows", "A of head 1", "A of head 2", "A, the mean over heads"] {
      let start = try #require(lines.firstIndex { $0 == "\(title)  [\(count), \(count)]" })
      let rows = lines[start...].prefix { !$0.isEmpty }.filter { $0.contains(#/^  w[0-9]+ /#) }
      // Column names that begin at the line's start would too, but stand behind the labels.
      #expect(rows.map { $0.split(separator: " ")[0] } == words.map { $0[...] })
    }
    #expect(lines.allSatisfy { $0.displayWidth <= 100 })
  }

  @Test(arguments: [50, 80, 100, 160])
  func fitsTheTerminal(width: Int) throws {
    let sentence = (0..<23).map { $0 % 2 == 0 ? "自然语言\($0)" : "language\($0)" }.joined(separator: " ")
    for colours in [Terminal.Colours.none, .palette] {
      let text = try page(sentence, "--size", "12", on: Terminal(width: width, colours: colours))
      for line in text.replacing(/\u{1B}\[[0-9;]*m/, with: "").split(separator: "\n") {
        #expect(line.displayWidth <= width, "\(line)")
      }
      #expect(text.contains("\u{1B}") == (colours != .none))
    }
  }

  @Test func aTerminalIsNotToldWhatTheSentenceSays() throws {
    #expect(!(try page("a\u{1B}[2Jb \u{7}")).contains("\u{1B}"))
  }
}
