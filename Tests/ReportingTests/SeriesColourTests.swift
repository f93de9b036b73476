import Testing

@testable import Reporting

@Suite("Series colours")
struct SeriesColourTests {
  // Oklab's coordinates of sRGB's corners, as CSS Color 4 lists them.
  @Test(
    "are sRGB's own at its corners",
    arguments: [
      (lightness: 0.0, chroma: 0.0, degrees: 0.0, expected: "#000000"), (1, 0, 0, "#ffffff"),
      (0.627_955, 0.257_683, 29.233_9, "#ff0000"), (0.866_440, 0.294_827, 142.495, "#00ff00"),
      (0.452_014, 0.313_214, 264.052, "#0000ff"),
    ] as [(lightness: Double, chroma: Double, degrees: Double, expected: String)])
  func corners(lightness: Double, chroma: Double, degrees: Double, expected: String) {
    let colour = SeriesColour(lightness: lightness, chroma: chroma, degrees: degrees)
    let expectedLevels = [1, 3, 5].map { Int(expected.dropFirst($0).prefix(2), radix: 16) ?? -1 }
    for (actual, expected) in zip([colour.red, colour.green, colour.blue], expectedLevels) {
      #expect(abs(actual - expected) <= 2, "\(colour.hexadecimal)")
    }
  }

  @Test("all differ, for more paths and thread counts than anybody asks for")
  func differ() {
    let colours = (0..<12).flatMap { hue in
      (0..<9).map { SeriesColour(hue: hue, shade: $0, of: 9).hexadecimal }
    }
    #expect(Set(colours).count == 108)
  }

  @Test("of one hue get darker from shade to shade", arguments: 0..<12)
  func darken(hue: Int) {
    for shades in 2...4 {
      let lightness = (0..<shades).map { shade in
        let colour = SeriesColour(hue: hue, shade: shade, of: shades)
        return 0.2126 * Double(colour.red) + 0.7152 * Double(colour.green) + 0.0722 * Double(colour.blue)
      }
      for (lighter, darker) in zip(lightness, lightness.dropFirst()) { #expect(lighter - darker > 20, "\(lightness)") }
    }
  }

  @Test("begin with grey")
  func grey() {
    let colour = SeriesColour(hue: 0, shade: 1, of: 3)
    #expect(colour.red == colour.green && colour.green == colour.blue)
  }
}
