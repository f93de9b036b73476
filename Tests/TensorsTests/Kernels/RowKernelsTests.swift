import Glibc
import Tensors
import Testing

/// That each function reaches the C kernel it is named for, with its arguments in order; the kernels' accuracy is CKernels' own
/// tests' matter.
@Suite struct RowKernelsTests {
  private func close<Scalar: BLASScalar>(_ actual: [Scalar], _ expected: [Double]) -> Bool {
    guard actual.count == expected.count else { return false }
    return zip(actual, expected).allSatisfy { actual, expected in
      actual.asDouble == expected || abs(actual.asDouble - expected) <= 16 * Scalar.ulpOfOne.asDouble * abs(expected)
    }
  }

  private func check<Scalar: BLASScalar>(_: Scalar.Type) {
    let kernels = Scalar.arithmetic.kernels
    let gap: Scalar = 777
    // Two rows of three in rows of four.
    let scores: [Scalar] = [1, 2, 3, gap, -1, 0, 4, gap]
    let plain = ScoreRules<Scalar>(softcap: 0)
    let e = { (x: Double) in Glibc.exp(x) }

    var y = [Scalar](repeating: 0, count: 3)
    kernels.exp(scores, &y, 3)
    #expect(close(y, [e(1), e(2), e(3)]))

    var s = scores
    kernels.softcap(&s, 2, 3, 4, 2)
    let capped: [Double] = [0.5, 1, 1.5, -0.5, 0, 2].map { 2 * tanh($0) }
    #expect(close(s, capped[0..<3] + [777] + capped[3...] + [777]))

    // Bias [2, 3] with stride 3, keep [2, 3] with stride 3, columns 0..<2 and 1..<3.
    let bias: [Scalar] = [10, 20, 30, 40, 50, 60]
    let keep = [true, false, true, true, true, true]
    let (first, end): ([Int32], [Int32]) = ([0, 1], [2, 3])
    s = scores
    bias.withUnsafeBufferPointer { bias in
      keep.withUnsafeBufferPointer { keep in
        first.withUnsafeBufferPointer { first in
          end.withUnsafeBufferPointer { end in
            kernels.mask(
              &s, 2, 3, 4,
              ScoreRules(
                softcap: 0, bias: bias.baseAddress, biasStride: 3, keep: keep.baseAddress, keepStride: 3,
                first: first.baseAddress, end: end.baseAddress))
          }
        }
      }
    }
    let masked: Scalar = -.infinity
    let expected: [Scalar] = [11, masked, masked, gap, masked, 50, 64, gap]
    #expect(s == expected)

    s = scores
    var logSumExp = [Scalar](repeating: 0, count: 2)
    kernels.softmaxRows(&s, 2, 3, 4, plain, &logSumExp)
    let sums: [Double] = [e(1) + e(2) + e(3), e(-1) + 1 + e(4)]
    let weights: [Double] = [
      e(1) / sums[0], e(2) / sums[0], e(3) / sums[0], e(-1) / sums[1], 1 / sums[1], e(4) / sums[1],
    ]
    #expect(close(s, weights[0..<3] + [777] + weights[3...] + [777]))
    #expect(close(logSumExp, sums.map { log($0) }))

    s = scores
    var maximum = [Scalar](repeating: -.infinity, count: 2)
    var sum = [Scalar](repeating: 0, count: 2)
    var rescale = [Scalar](repeating: 0, count: 2)
    kernels.softmaxStep(&s, 2, 3, 4, plain, &maximum, &sum, &rescale)
    #expect(maximum == [3, 4])
    #expect(rescale == [1, 1], "nothing stood before the first step")
    #expect(close(sum, [e(-2) + e(-1) + 1, e(-5) + e(-4) + 1]))
    #expect(close(s, [e(-2), e(-1), 1, 777, e(-5), e(-4), 1, 777]))

    var total = [Scalar](repeating: 0, count: 2)
    kernels.logSumExp(maximum, sum, &total, 2)
    #expect(close(total, sums.map { log($0) }))
    s = scores
    kernels.weights(&s, 2, 3, 4, maximum, sum)
    #expect(close([s[0], s[6]], [e(1) / sums[0], e(4) / sums[1]]))
    #expect(s[3] == gap && s[7] == gap)

    s = scores
    kernels.scaleRows(&s, 2, 3, 4, [2, -1])
    #expect(s == [2, 4, 6, gap, 1, 0, -4, gap])
    var divided = [Scalar](repeating: 5, count: 6)
    kernels.divideRows(scores, 2, 3, 4, [2, 0], &divided, 3)
    #expect(divided == [0.5, 1, 1.5, 0, 0, 0])
    #expect(kernels.dot(scores, bias, 3) == 140)
    var sumOfRows: [Scalar] = [1, 1, 1]
    kernels.axpy(2, scores, &sumOfRows, 3)
    #expect(sumOfRows == [3, 5, 7])
    #expect(kernels.allFinite(scores, 2, 3, 4))
    #expect(!kernels.allFinite([1, .nan], 1, 2, 2))
    #expect(kernels.allFinite([1, 2, .infinity, 3, 4], 2, 2, 3), "the gap is not looked at")
  }

  @Test func float() { check(Float.self) }
  @Test func double() { check(Double.self) }
}
