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

  /// Indices from 16 are a cube of 6 × 6 × 6 colours.
  @Test func paletteGrowsLighterToo() {
    let levels = [0.0, 95, 135, 175, 215, 255]
    let luminances = HeatColour.palette.map { index in
      let place = index - 16
      return 0.2126 * levels[place / 36] + 0.7152 * levels[place / 6 % 6] + 0.0722 * levels[place % 6]
    }
    #expect(zip(luminances, luminances.dropFirst()).allSatisfy { $0 < $1 })
    #expect(Self.steps[0].paletteIndex == 53 && Self.steps[100].paletteIndex == 220)
    #expect(Set(Self.steps.map(\.paletteIndex)) == Set(HeatColour.palette))
    // What is written on it is written in black from the same place on.
    for (colour, index) in Self.steps.map({ ($0, HeatColour.palette.firstIndex(of: $0.paletteIndex)) }) {
      let luminance = index.map { luminances[$0] } ?? 0
      #expect(colour.isLight ? luminance > 100 : luminance < 120, "\(colour)")
    }
  }

  @Test func paintsAndCleansUp() {
    let colour = HeatColour(strength: 0)
    #expect(colour.painted("x", .none) == "x")
    #expect(colour.painted("x", .palette) == "\u{1B}[48;5;53;38;5;231mx\u{1B}[0m")
    #expect(colour.painted("x", .full) == "\u{1B}[48;2;66;8;88;38;5;231mx\u{1B}[0m")
  }
}
