internal import Foundation

/// A colour that tells a series apart by two properties: the hue for one, the lightness for the other.
///
/// Hues lie the golden angle apart, so that any number of them differ, those next to each other most of all; the first is
/// grey. Lightness is perceived alike in all hues.
///
/// - SeeAlso: Ottosson (2020), "A perceptual color space for image processing", for Oklab and its matrices.
struct SeriesColour: Equatable {
  /// In sRGB, each from 0 to 255.
  let red: Int
  let green: Int
  let blue: Int

  /// - Parameters:
  ///   - hue: from 0, which is grey.
  ///   - shade: from 0, the lightest, below `shades`.
  ///   - shades: how many there are.
  init(hue: Int, shade: Int, of shades: Int) {
    let spread = shades > 1 ? min(0.5, 0.26 * Double(shades - 1)) : 0
    let lightness = 0.63 + spread / 2 - (shades > 1 ? spread * Double(shade) / Double(shades - 1) : 0)
    let degrees = 250 + 137.508 * Double(hue - 1)
    self.init(lightness: lightness, chroma: hue == 0 ? 0 : 0.15, degrees: degrees)
  }

  /// From Oklab's cylindrical coordinates; chroma is lowered where sRGB does not reach as far.
  init(lightness: Double, chroma: Double, degrees: Double) {
    let angle = degrees * .pi / 180
    var (chroma, linear) = (chroma, [0.0])
    repeat {
      linear = Self.linear(lightness, chroma * cos(angle), chroma * sin(angle))
      chroma = chroma > 0.001 ? chroma * 0.95 : 0
    } while chroma > 0 && !linear.allSatisfy { (-0.0005...1.0005).contains($0) }
    let levels = linear.map { Int((255 * Self.encoded(min(max($0, 0), 1))).rounded()) }
    (red, green, blue) = (levels[0], levels[1], levels[2])
  }

  /// As SVG writes it, such as `#0a64c8`.
  var hexadecimal: String { String(format: "#%02x%02x%02x", red, green, blue) }

  /// Red, green and blue in linear sRGB from Oklab.
  private static func linear(_ lightness: Double, _ a: Double, _ b: Double) -> [Double] {
    let long = cube(lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b)
    let medium = cube(lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b)
    let short = cube(lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b)
    return [
      4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
      -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
      -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ]
  }

  private static func cube(_ value: Double) -> Double { value * value * value }

  /// sRGB's transfer function (IEC 61966-2-1).
  private static func encoded(_ linear: Double) -> Double {
    linear <= 0.003_130_8 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055
  }
}
