import Tensors
import Testing

/// A tensor's elements and shape, and what numpy 2.4.6 prints for them after `set_printoptions(precision=4)`.
struct Printed<Element: TensorElement>: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let elements: [Element]
  let shape: [Int]
  let text: String

  init(_ name: String, _ elements: [Element], _ shape: [Int], _ text: String) {
    (testDescription, self.elements, self.shape, self.text) = (name, elements, shape, text)
  }

  func check() throws {
    let tensor = try Tensor(elements, shape: shape)
    #expect(tensor.description == text)
    #expect("\(tensor)" == text)
  }
}

@Suite struct TensorDescriptionTests {
  static let integers: [Printed<Int>] = [
    Printed("scalar Int", [42], [], "42"),
    Printed("integers", [1, -20, 300], [3], "[  1 -20 300]"),
    Printed(
      "integer matrix", [1, 2, 3, 40, 50, -600], [2, 3],
      """
      [[   1    2    3]
       [  40   50 -600]]
      """),
    Printed(
      "rank 3", Array(0..<12), [2, 2, 3],
      """
      [[[ 0  1  2]
        [ 3  4  5]]

       [[ 6  7  8]
        [ 9 10 11]]]
      """),
    Printed(
      "rank 4", Array(0..<8), [2, 2, 1, 2],
      """
      [[[[0 1]]

        [[2 3]]]


       [[[4 5]]

        [[6 7]]]]
      """),
    Printed("empty rows", [], [2, 0, 3], "[]"),
    Printed(
      "wrapped", Array(1000..<1030), [30],
      """
      [1000 1001 1002 1003 1004 1005 1006 1007 1008 1009 1010 1011 1012 1013
       1014 1015 1016 1017 1018 1019 1020 1021 1022 1023 1024 1025 1026 1027
       1028 1029]
      """),
    Printed("shortened", Array(0..<1001), [1001], "[   0    1    2 ...  998  999 1000]"),
    Printed(
      "shortened matrix", Array(0..<1200), [40, 30],
      """
      [[   0    1    2 ...   27   28   29]
       [  30   31   32 ...   57   58   59]
       [  60   61   62 ...   87   88   89]
       ...
       [1110 1111 1112 ... 1137 1138 1139]
       [1140 1141 1142 ... 1167 1168 1169]
       [1170 1171 1172 ... 1197 1198 1199]]
      """),
    Printed(
      "shortened rank 3", Array(0..<2401), [7, 7, 49],
      """
      [[[   0    1    2 ...   46   47   48]
        [  49   50   51 ...   95   96   97]
        [  98   99  100 ...  144  145  146]
        ...
        [ 196  197  198 ...  242  243  244]
        [ 245  246  247 ...  291  292  293]
        [ 294  295  296 ...  340  341  342]]

       [[ 343  344  345 ...  389  390  391]
        [ 392  393  394 ...  438  439  440]
        [ 441  442  443 ...  487  488  489]
        ...
        [ 539  540  541 ...  585  586  587]
        [ 588  589  590 ...  634  635  636]
        [ 637  638  639 ...  683  684  685]]

       [[ 686  687  688 ...  732  733  734]
        [ 735  736  737 ...  781  782  783]
        [ 784  785  786 ...  830  831  832]
        ...
        [ 882  883  884 ...  928  929  930]
        [ 931  932  933 ...  977  978  979]
        [ 980  981  982 ... 1026 1027 1028]]

       ...

       [[1372 1373 1374 ... 1418 1419 1420]
        [1421 1422 1423 ... 1467 1468 1469]
        [1470 1471 1472 ... 1516 1517 1518]
        ...
        [1568 1569 1570 ... 1614 1615 1616]
        [1617 1618 1619 ... 1663 1664 1665]
        [1666 1667 1668 ... 1712 1713 1714]]

       [[1715 1716 1717 ... 1761 1762 1763]
        [1764 1765 1766 ... 1810 1811 1812]
        [1813 1814 1815 ... 1859 1860 1861]
        ...
        [1911 1912 1913 ... 1957 1958 1959]
        [1960 1961 1962 ... 2006 2007 2008]
        [2009 2010 2011 ... 2055 2056 2057]]

       [[2058 2059 2060 ... 2104 2105 2106]
        [2107 2108 2109 ... 2153 2154 2155]
        [2156 2157 2158 ... 2202 2203 2204]
        ...
        [2254 2255 2256 ... 2300 2301 2302]
        [2303 2304 2305 ... 2349 2350 2351]
        [2352 2353 2354 ... 2398 2399 2400]]]
      """),
  ]

  static let booleans: [Printed<Bool>] = [
    Printed("scalar Bool", [true], [], "True"),
    Printed(
      "booleans", [true, false, true, true], [2, 2],
      """
      [[ True False]
       [ True  True]]
      """),
    Printed("all true", [true, true], [2], "[ True  True]"),
  ]

  static let floats: [Printed<Float>] = [
    Printed("scalar Float", [0.1], [], "0.1"),
    Printed("scalar large Float", [1234567.0], [], "1.234567e+06"),
    Printed("whole", [1, 2, 3], [3], "[1. 2. 3.]"),
    Printed("rounded", [0.1, 0.123456, -0.99999], [3], "[ 0.1     0.1235 -1.    ]"),
    Printed("zeros", [0, -0.0], [2], "[ 0. -0.]"),
    Printed("small", [1e-05, 1], [2], "[1.e-05 1.e+00]"),
    Printed("exactly 1e-4", [0.0001, 0.01], [2], "[0.0001 0.01  ]"),
    Printed("ratio 1000", [0.001, 1], [2], "[0.001 1.   ]"),
    Printed("ratio above", [0.001, 1.001], [2], "[1.000e-03 1.001e+00]"),
    Printed("large Float", [1000000.0, 100000.0], [2], "[1.e+06 1.e+05]"),
    Printed("unique digits", [123456.789], [1], "[123456.79]"),
    Printed("only nan", [.nan], [1], "[nan]"),
    Printed("only -inf", [-.infinity, .nan], [2], "[-inf  nan]"),
    Printed("scientific nan", [1e-05, .nan, -.infinity], [3], "[1.e-05    nan   -inf]"),
    Printed(
      "nan and short", [1, 2, .infinity, 3.5], [2, 2],
      """
      [[1.  2. ]
       [inf 3.5]]
      """),
    Printed("empty", [], [0], "[]"),
    Printed(
      "wrapped rank 2", (0..<40).map { Float($0) / 8 }, [2, 20],
      """
      [[0.    0.125 0.25  0.375 0.5   0.625 0.75  0.875 1.    1.125 1.25  1.375
        1.5   1.625 1.75  1.875 2.    2.125 2.25  2.375]
       [2.5   2.625 2.75  2.875 3.    3.125 3.25  3.375 3.5   3.625 3.75  3.875
        4.    4.125 4.25  4.375 4.5   4.625 4.75  4.875]]
      """),
    Printed(
      "shortened narrow", (0..<2000).map { Float($0) / 4 }, [500, 4],
      """
      [[0.0000e+00 2.5000e-01 5.0000e-01 7.5000e-01]
       [1.0000e+00 1.2500e+00 1.5000e+00 1.7500e+00]
       [2.0000e+00 2.2500e+00 2.5000e+00 2.7500e+00]
       ...
       [4.9700e+02 4.9725e+02 4.9750e+02 4.9775e+02]
       [4.9800e+02 4.9825e+02 4.9850e+02 4.9875e+02]
       [4.9900e+02 4.9925e+02 4.9950e+02 4.9975e+02]]
      """),
  ]

  static let doubles: [Printed<Double>] = [
    Printed("scalar Double", [3.14159265358979], [], "3.14159265358979"),
    Printed("scalar whole", [2.0], [], "2.0"),
    Printed("scalar small", [1e-05], [], "1e-05"),
    Printed("scalar large Double", [1000000000000000.0], [], "1000000000000000.0"),
    Printed("scalar huge", [1e+16], [], "1e+16"),
    Printed("scalar nan", [.nan], [], "nan"),
    Printed("scalar -inf", [-.infinity], [], "-inf"),
    Printed("scalar -0", [-0.0], [], "-0.0"),
    Printed("decimals", [1.5, 2.25, -3.125], [3], "[ 1.5    2.25  -3.125]"),
    Printed("third", [0.3333333333333333, 0.6666666666666666], [2], "[0.3333 0.6667]"),
    Printed("tie to even", [0.00625, 0.03125, 0.09375, 0.15625], [4], "[0.0063 0.0312 0.0938 0.1562]"),
    Printed("large", [100000000.0, 1], [2], "[1.e+08 1.e+00]"),
    Printed("below large", [99_999_999, 1000000.0], [2], "[99999999.  1000000.]"),
    Printed("huge", [1e+100, -1], [2], "[ 1.e+100 -1.e+000]"),
    Printed("subnormal", [.leastNonzeroMagnitude, 0], [2], "[5.e-324 0.e+000]"),
    Printed("nan inf", [.nan, 1, -.infinity], [3], "[ nan   1. -inf]"),
    Printed(
      "wrapped rank 3", (0..<60).map { Double($0) + 0.5 }, [1, 2, 30],
      """
      [[[ 0.5  1.5  2.5  3.5  4.5  5.5  6.5  7.5  8.5  9.5 10.5 11.5 12.5 13.5
         14.5 15.5 16.5 17.5 18.5 19.5 20.5 21.5 22.5 23.5 24.5 25.5 26.5 27.5
         28.5 29.5]
        [30.5 31.5 32.5 33.5 34.5 35.5 36.5 37.5 38.5 39.5 40.5 41.5 42.5 43.5
         44.5 45.5 46.5 47.5 48.5 49.5 50.5 51.5 52.5 53.5 54.5 55.5 56.5 57.5
         58.5 59.5]]]
      """),
  ]

  static let halves: [Printed<Float16>] = [
    Printed("scalar Float16", [1000.0], [], "1e+03"),
    Printed("scalar large Float16", [65504], [], "6.55e+04"),
    Printed("large Float16", [65504, 1], [2], "[6.55e+04 1.00e+00]"),
    Printed("Float16 exact", [0.1, 12344], [2], "[9.9976e-02 1.2344e+04]"),
  ]

  @Test(arguments: integers) func int(printed: Printed<Int>) throws { try printed.check() }
  @Test(arguments: booleans) func bool(printed: Printed<Bool>) throws { try printed.check() }
  @Test(arguments: floats) func float(printed: Printed<Float>) throws { try printed.check() }
  @Test(arguments: doubles) func double(printed: Printed<Double>) throws { try printed.check() }
  @Test(arguments: halves) func float16(printed: Printed<Float16>) throws { try printed.check() }

  @Test("A view prints as its copy, bfloat16 as the Float that it is")
  func views() throws {
    let matrix = try Tensor<Int>(0..<6, shape: [2, 3])
    #expect(try matrix.transposed(0, 1).description == "[[0 3]\n [1 4]\n [2 5]]")
    #expect(try matrix.selecting(axis: 0, 1).description == "[3 4 5]")
    #expect(try matrix.selecting(axis: 0, 1).broadcast(to: [2, 3]).description == "[[3 4 5]\n [3 4 5]]")
    #expect(try Tensor<BFloat16>([BFloat16(0.1), BFloat16(2)], shape: [2]).description == "[0.1001 2.    ]")
    #expect(try Tensor<UInt64>([.max], shape: [1]).description == "[18446744073709551615]")
  }

  @Test("1,000 elements are shown whole")
  func threshold() throws {
    let whole = try Tensor<Int>(0..<1000, shape: [10, 100])
    #expect(!whole.description.contains("..."))
    #expect(whole.description.split { !$0.isNumber }.count == 1000)
    // A broadcast scalar of any size prints at once.
    let vast = try Tensor<Int>([7], shape: []).broadcast(to: [1 << 20, 1 << 20])
    let row = "[7 7 7 ... 7 7 7]"
    #expect(vast.description == "[\(row)\n \(row)\n \(row)\n ...\n \(row)\n \(row)\n \(row)]")
  }
}
