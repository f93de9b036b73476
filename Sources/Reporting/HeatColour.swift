/// A colour between dark violet (0) and yellow (1) by way of blue and green: lightness rises all along, so that the order shows
/// without telling hues apart, on dark and light terminals alike.
struct HeatColour: Equatable {
  let red: Int
  let green: Int
  let blue: Int
  /// One of ``palette``.
  let paletteIndex: Int

  private static let stops: [(Double, Double, Double)] = [
    (66, 8, 88), (58, 80, 140), (32, 144, 140), (96, 200, 96), (252, 230, 40),
  ]

  /// - Parameter strength: from 0 to 1.
  init(strength: Double) {
    let place = strength * Double(Self.stops.count - 1)
    let index = min(Int(place), Self.stops.count - 2)
    let (low, high, part) = (Self.stops[index], Self.stops[index + 1], place - Double(index))
    func between(_ from: Double, _ to: Double) -> Int { Int((from + (to - from) * part).rounded()) }
    paletteIndex = Self.palette[min(Int(strength * Double(Self.palette.count)), Self.palette.count - 1)]
    (red, green, blue) = (between(low.0, high.0), between(low.1, high.1), between(low.2, high.2))
  }

  /// Whether black is easier to read on it than white (relative luminance by ITU-R BT.709's weights).
  var isLight: Bool { 0.2126 * Double(red) + 0.7152 * Double(green) + 0.0722 * Double(blue) > 110 }

  /// The same way through xterm's 256 colours, chosen for rising lightness; the nearest ones to the others would jump to grey.
  static let palette = [53, 54, 55, 24, 25, 30, 31, 36, 42, 77, 113, 149, 185, 220]

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
