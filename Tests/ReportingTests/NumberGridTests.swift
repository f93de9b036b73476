import Reporting
import Testing

@Suite struct NumberGridTests {
  @Test func showsAsManyDecimalsAsNeeded() {
    #expect(NumberGrid([[1, 0], [0, 1]]).lines(width: 80) == ["1  0", "0  1"])
    #expect(NumberGrid([[0.1, 0.25], [10, -3]]).lines(width: 80) == [" 0.10   0.25", "10.00  -3.00"])
    #expect(NumberGrid([[0.123456, 2]]).lines(width: 80) == ["0.1235  2.0000"])
    #expect(NumberGrid([[0.123456, 2]], decimals: 2).lines(width: 80) == ["0.12  2.00"])
  }

  @Test func showsNoSignOfZero() {
    #expect(NumberGrid([[-0.0, -0.00001]]).lines(width: 80) == ["0  0"])
    #expect(NumberGrid([[-0.00001, -0.5]]).lines(width: 80) == [" 0.0  -0.5"])
  }

  @Test func showsWhatIsNoNumber() {
    #expect(NumberGrid([[.nan, .infinity, -.infinity, 1.5]]).lines(width: 80) == [" nan   inf  -inf   1.5"])
  }

  @Test func namesRowsInColumns() {
    #expect(
      NumberGrid([[1], [2], [3]], rowLabels: ["a", "喜欢", "longer than fourteen"]).lines(width: 80)
        == ["a               1", "喜欢            2", "longer than f…  3"])
  }

  @Test func shortensInTheMiddle() {
    let row = (0..<50).map(Double.init)
    #expect(NumberGrid([row]).lines(width: 24) == [" 0   1   2   3  …  49"])
    #expect(NumberGrid([row]).lines(width: 400).first?.contains("…") == false)
    let rows = (0..<50).map { [Double($0)] }
    #expect(NumberGrid(rows, rowLimit: 7).lines(width: 80) == [" 0", " 1", " 2", " 3", "…", "48", "49"])
    #expect(
      NumberGrid(rows, rowLabels: rows.indices.map { "w\($0)" }, rowLimit: 4).lines(width: 80)
        == ["w0    0", "w1    1", "…    …", "w49  49"])
    #expect(NumberGrid(rows, rowLimit: 50).lines(width: 80).count == 50)
  }

  @Test(arguments: [21, 33, 40, 79, 100])
  func staysWithinItsWidth(width: Int) {
    let rows = (0..<5).map { row in (0..<60).map { Double(row * $0) / 7 - 3 } }
    for line in NumberGrid(rows, rowLabels: ["a", "自然语言处理模型", "c", "d", "e"]).lines(width: width + 14) {
      #expect(line.displayWidth <= width + 14, "\(line)")
    }
  }

  @Test func isEmptyWithoutNumbers() {
    #expect(NumberGrid([]).lines(width: 80) == ["(empty)"])
    #expect(NumberGrid([[], []]).lines(width: 80) == ["(empty)"])
  }
}
