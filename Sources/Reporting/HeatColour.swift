/// A colour between dark violet (0) and yellow (1) by way of blue and green: lightness rises all along, so that the order shows
/// without telling hues apart, on dark and light terminals alike.
struct HeatColour: Equatable {
  let red: Int
  let green: Int
  let blue: Int

  private static let stops: [(Double, Double, Double)] = [
    (66, 8, 88), (58, 80, 140), (32, 144, 140), (96, 200, 96), (252, 230, 40),
  ]

  /// - Parameter strength: from 0 to 1.
  init(strength: Double) {
    let place = strength * Double(Self.stops.count - 1)
    let index = min(Int(place), Self.stops.count - 2)
    let (low, high, part) = (Self.stops[index], Self.stops[index + 1], place - Double(index))
    func between(_ from: Double, _ to: Double) -> Int { Int((from + (to - from) * part).rounded()) }
    (red, green, blue) = (between(low.0, high.0), between(low.1, high.1), between(low.2, high.2))
  }

  /// Whether black is easier to read on it than white (relative luminance by ITU-R BT.709's weights).
  var isLight: Bool { 0.2126 * Double(red) + 0.7152 * Double(green) + 0.0722 * Double(blue) > 110 }

  /// The nearest in the cube of 6 × 6 × 6 colours that begins at index 16 of xterm's 256.
  var paletteIndex: Int {
    let levels = [0, 95, 135, 175, 215, 255]
    func nearest(_ value: Int) -> Int {
      levels.indices.min { abs(levels[$0] - value) < abs(levels[$1] - value) } ?? 0
    }
    return 16 + 36 * nearest(red) + 6 * nearest(green) + nearest(blue)
  }

  /// The text on this colour.
  func painted(_ text: String, _ colours: Terminal.Colours) -> String {
    let foreground = isLight ? 16 : 231
    return switch colours {
    case .none: text
    case .palette: "\u{1B}[48;5;\(paletteIndex);38;5;\(foreground)m\(text)\u{1B}[0m"
    case .full: "\u{1B}[48;2;\(red);\(green);\(blue);38;5;\(foreground)m\(text)\u{1B}[0m"
    }
  }
}
