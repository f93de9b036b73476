extension SVGDocument {
  /// About how wide a text is drawn, rather too much than too little: fonts differ from machine to machine, and DejaVu
  /// Sans, which many Linux systems put in Helvetica's place, is among the widest.
  static func width(of text: String, size: Double, isBold: Bool = false) -> Double {
    let ems = text.reduce(0) { $0 + width(of: $1) }
    return ems * size * (isBold ? 1.12 : 1)
  }

  /// In ems.
  private static func width(of character: Character) -> Double {
    switch character {
    case "i", "j", "l", "I", ".", ",", ":", ";", "|", "!", "'", " ": 0.34
    case "f", "r", "t", "(", ")", "[", "]", "-", "/", "³": 0.42
    case "m", "w", "M", "W", "%", "@": 1
    case "A"..."Z": 0.76
    default: character.isASCII ? 0.64 : 1
    }
  }
}
