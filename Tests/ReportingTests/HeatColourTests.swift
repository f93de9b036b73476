import Testing

@testable import Reporting

@Suite struct HeatColourTests {
  private static let steps = (0...100).map { HeatColour(strength: Double($0) / 100) }

  @Test func growsLighterAllAlong() {
    func luminance(_ colour: HeatColour) -> Double {
      0.2126 * Double(colour.red) + 0.7152 * Double(colour.green) + 0.0722 * Double(colour.blue)
    }
    for (one, next) in zip(Self.steps, Self.steps.dropFirst()) { #expect(luminance(one) <= luminance(next) + 1) }
    #expect(luminance(Self.steps[0]) < 40 && luminance(Self.steps[100]) > 200)
    #expect(!Self.steps[0].isLight && Self.steps[100].isLight)
  }

  @Test func everyPaletteIndexIsInTheCube() {
    for colour in Self.steps { #expect((16...231).contains(colour.paletteIndex)) }
    // 16 + 36·5 + 6·4 + 0: (255, 215, 0) is the nearest to (252, 230, 40).
    #expect(Self.steps[100].paletteIndex == 220)
    #expect(Self.steps[0].paletteIndex == 53)
  }

  @Test func paintsAndCleansUp() {
    let colour = HeatColour(strength: 0)
    #expect(colour.painted("x", .none) == "x")
    #expect(colour.painted("x", .palette) == "\u{1B}[48;5;53;38;5;231mx\u{1B}[0m")
    #expect(colour.painted("x", .full) == "\u{1B}[48;2;66;8;88;38;5;231mx\u{1B}[0m")
  }
}
