import Foundation
import Reporting
import Testing

@Suite struct JSONValueTests {
  static let results: JSONValue = [
    ["case": "bert512", "causal": false, "batch": 1, "speedup": 31.5],
    ["case": "long8k", "causal": false, "batch": 1, "speedup": nil],
  ]

  @Test func membersKeepTheirOrder() {
    #expect(
      Self.results.description
        == #"[{"case":"bert512","causal":false,"batch":1,"speedup":31.5},"#
        + #"{"case":"long8k","causal":false,"batch":1,"speedup":null}]"#)
  }

  @Test func indentedTextHasALineForEachMember() {
    let value: JSONValue = ["b": [1, 2], "a": ["c": []], "d": [:]]
    #expect(
      value.indented() == """
        {
          "b": [
            1,
            2
          ],
          "a": {
            "c": []
          },
          "d": {}
        }
        """)
    #expect(JSONValue.array([1]).indented(by: 3) == "[\n   1\n]")
  }

  @Test(arguments: [
    ("plain é 😀", #""plain é 😀""#), ("\"quoted\"", #""\"quoted\"""#), (#"a\b/c"#, #""a\\b/c""#),
    ("\n\r\t", #""\n\r\t""#), ("\r\n", #""\r\n""#), ("\0\u{8}\u{1F}", #""\u0000\u0008\u001f""#),
    ("\u{7F}\u{2028}", "\"\u{7F}\u{2028}\""), ("", #""""#),
  ])
  func stringsAreEscaped(string: String, text: String) {
    #expect(JSONValue.string(string).description == text)
    #expect(JSONValue.object([.init(string, 1)]).description == "{\(text):1}")
  }

  @Test func everyControlCharacterSurvivesAReader() throws {
    let string = String(String.UnicodeScalarView((UInt8(0)...0x7F).map { Unicode.Scalar($0) }))
    let text = JSONValue.array([.string(string)]).description
    #expect(try JSONDecoder().decode([String].self, from: Data(text.utf8)) == [string])
  }

  @Test(arguments: [
    0, -0.0, 0.1, 1.0 / 3.0, 1e16, -1e-7, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
  ])
  func numbersSurviveAReader(number: Double) throws {
    let text = JSONValue.array([.number(number)]).indented()
    #expect(try JSONDecoder().decode([Double].self, from: Data(text.utf8)) == [number])
  }

  @Test(arguments: [Double.nan, .signalingNaN, .infinity, -.infinity])
  func whatJSONHasNoNumberForIsNull(number: Double) {
    #expect(JSONValue(number).description == "null")
  }

  @Test func missingValuesAreNull() {
    #expect(JSONValue(Bool?.none) == .null)
    #expect(JSONValue(Int?.none) == .null)
    #expect(JSONValue(Double?.none) == .null)
    #expect(JSONValue(String?.none) == .null)
    #expect(JSONValue(true) == true)
    #expect(JSONValue(Int.min).description == "-9223372036854775808")
    #expect(JSONValue(2.5) == 2.5)
    #expect(JSONValue("a") == "a")
  }

  @Test func aKeyThatOccursTwiceTraps() async {
    await #expect(processExitsWith: .failure) {
      let value: JSONValue = ["a": 1, "a": 2]
      _ = value.description
    }
  }
}
