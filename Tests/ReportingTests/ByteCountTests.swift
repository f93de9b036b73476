import Reporting
import Testing

@Suite struct ByteCountTests {
  @Test(
    arguments: [
      (nil, "–"), (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1536, "1.50 KiB"),
      (12_897_485, "12.3 MiB"), (32 << 20, "32.0 MiB"), (3 << 30, "3.00 GiB"), (5 << 40, "5.00 TiB"),
      (7 << 50, "7.00 PiB"), (.max, "8.00 EiB"), (-2048, "-2.00 KiB"),
    ] as [(Int?, String)])
  func amountsHaveBinaryUnits(bytes: Int?, text: String) {
    #expect(ByteCount(bytes).description == text)
  }

  @Test(arguments: [(1023 << 10, "1023 KiB"), ((1 << 20) - 1, "1.00 MiB"), ((1 << 30) - 1, "1.00 GiB")])
  func roundingReachesTheNextUnit(bytes: Int, text: String) {
    #expect(ByteCount(bytes).description == text)
  }
}
