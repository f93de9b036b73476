import Reporting
import Testing

@Suite struct SignificantFiguresTests {
  @Test(
    arguments: [
      (1, "1.00"), (12.345, "12.3"), (168.4, "168"), (3.5249, "3.52"), (0.25, "0.250"), (0.001234, "0.00123"),
      (1234.4, "1234"), (9_876_543, "9876543"), (-12.345, "-12.3"), (0, "0"), (-0.0, "0"),
    ] as [(Double, String)])
  func ordinaryMagnitudesHaveNoExponent(value: Double, text: String) {
    #expect(SignificantFigures(value).description == text)
  }

  @Test(
    arguments: [
      (9.994, "9.99"), (9.996, "10.0"), (99.96, "100"), (0.09996, "0.100"), (0.0009996, "0.00100"), (999.6, "1000"),
      (-9.996, "-10.0"), (9_999_999.7, "1.00e7"),
    ] as [(Double, String)])
  func roundingCarries(value: Double, text: String) {
    #expect(SignificantFigures(value).description == text)
  }

  @Test(
    arguments: [
      (1.19e-7, "1.19e-7"), (0.000999, "9.99e-4"), (-0.000123, "-1.23e-4"), (1e7, "1.00e7"), (6.02214e23, "6.02e23"),
      (.leastNonzeroMagnitude, "4.94e-324"), (.greatestFiniteMagnitude, "1.80e308"),
    ] as [(Double, String)])
  func otherMagnitudesHaveAnExponent(value: Double, text: String) {
    #expect(SignificantFigures(value).description == text)
  }

  @Test(arguments: [(nil, "–"), (.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf")] as [(Double?, String)])
  func whatIsNoNumberIsNamed(value: Double?, text: String) {
    #expect(SignificantFigures(value).description == text)
  }

  @Test(arguments: [(1, "0.7"), (2, "0.67"), (5, "0.66667")])
  func digitsMayBeChosen(digits: Int, text: String) {
    #expect(SignificantFigures(2.0 / 3.0, digits: digits).description == text)
  }
}
