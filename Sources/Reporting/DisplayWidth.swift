extension Character {
  /// How many columns of a terminal the character takes: 2 for wide ones (Chinese, Japanese, Korean, emoji), 0 for what only
  /// changes the character before it, else 1.
  ///
  /// Characters of ambiguous width count 1, as terminals have it outside East Asian locales.
  ///
  /// - seealso: Unicode Standard Annex #11, East Asian Width; the ranges are its W and F, whole blocks together,
  ///   but for emoji, which have a property of their own.
  package var displayWidth: Int {
    // In a cluster the widest scalar decides: what follows a base is drawn over it.
    unicodeScalars.reduce(0) { max($0, $1.displayWidth) }
  }
}

extension Unicode.Scalar {
  fileprivate var displayWidth: Int {
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return value == 0xFE0F ? 2 : 0
    default: break
    }
    return properties.isEmojiPresentation || Self.wide.contains { $0.contains(value) } ? 2 : 1
  }

  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA960...0xA97F,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD,
  ]
}

extension StringProtocol {
  /// How many columns of a terminal the text takes.
  package var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

  /// As much of the text as fits, with `…` for what was cut.
  package func truncated(toWidth width: Int) -> String {
    guard displayWidth > width else { return String(self) }
    var (kept, used) = ("", 0)
    for character in self {
      guard used + character.displayWidth <= width - 1 else { break }
      kept.append(character)
      used += character.displayWidth
    }
    return width > 0 ? kept + "…" : ""
  }

  /// The text filled up with spaces at its end; unchanged if it is wider.
  package func padded(toWidth width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - displayWidth))
  }

  /// The text filled up with spaces at its start; unchanged if it is wider.
  package func leftPadded(toWidth width: Int) -> String {
    String(repeating: " ", count: Swift.max(0, width - displayWidth)) + self
  }

  /// The text with `�` for every character that a terminal would obey rather than show.
  package var harmless: String {
    String(
      map { character in
        let isObeyed = character.unicodeScalars.contains {
          switch $0.properties.generalCategory {
          case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
          // Directions would reorder the rest of the line.
          case .format: (0x202A...0x202E).contains($0.value) || (0x2066...0x2069).contains($0.value)
          default: false
          }
        }
        return isObeyed ? "\u{FFFD}" : character
      })
  }
}
