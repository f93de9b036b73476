import Testing

@testable import AttentionBenchmark

@Suite struct AgreementTests {
  @Test func findsTheLargestError() {
    let agreement = Agreement([1, 2, 3, 4, 5.5, 6], [1, 2, 3.25, 4, 5, 6], rows: [0, 1], rowSize: 3)
    #expect(agreement.maxError == 0.5)
    #expect(agreement.row == 1)
    #expect(agreement.column == 1)
    #expect(agreement.actual == 5.5)
    #expect(agreement.expected == 5)
  }

  @Test func comparesRowsByNumber() {
    // Rows 2 and 0 of a whole output of three rows.
    let whole = Agreement([1, 2, 30, 40, 5, 6], [5, 7, 1, 2], rows: [2, 0], rowSize: 2)
    #expect(whole.maxError == 1)
    #expect(whole.row == 2)
    #expect(whole.column == 1)
    // The same rows alone.
    #expect(Agreement([5, 6, 1, 2], [5, 7, 1, 2], rows: [2, 0], rowSize: 2) == whole)
  }

  @Test func nanIsNoAgreement() {
    #expect(Agreement([1, .nan], [1, 2], rows: [0], rowSize: 2).maxError == .infinity)
    #expect(Agreement([1, .infinity], [1, 2], rows: [0], rowSize: 2).maxError == .infinity)
    #expect(Agreement([1, 2], [1, 2], rows: [0], rowSize: 2).maxError == 0)
  }

  @Test func bounds() {
    #expect(Agreement.bound(naiveError: 3e-6) == 7e-6)
    #expect(Agreement([3], [2], rows: [0], rowSize: 1).naiveBound == 5e-5)
  }
}
