import Factorizations
import Support
import Tensors
import Testing

@Suite struct LAPACKRoutinesTests {
  private let matrix = MatrixShape(rows: 7, columns: 3)

  @Test func notConverged() throws {
    var routines = LAPACKRoutines<Float>.linked
    routines.decompose = { _, _, _, _, _, _, _, _, _, _, _, workCount, _ in workCount < 0 ? 0 : 2 }
    let a = try matrix.matrix(Float.self)
    let error = FactorizationError.notConverged(operation: "singular value decomposition", shape: [7, 3])
    #expect(throws: error) { try SingularValueDecomposition(of: a, mode: .full, routines: routines) }
    #expect(throws: error) { try a.singularValues(routines: routines) }
  }

  @Test func refused() throws {
    var routines = LAPACKRoutines<Double>.linked
    routines.factorizeQR = { _, _, _, _, _, _, _ in -4 }
    let a = try matrix.matrix(Double.self)
    #expect(throws: FactorizationError.refused(operation: "geqrf", argument: 4)) {
      try QRFactorization(of: a, mode: .reduced, routines: routines)
    }
    routines = .linked
    routines.formQ = { _, _, _, _, _, _, _, workCount in workCount < 0 ? 0 : -5 }
    #expect(throws: FactorizationError.refused(operation: "orgqr", argument: 5)) {
      try QRFactorization(of: a, mode: .reduced, routines: routines)
    }
  }

  /// A LAPACK that answers the question for the best workspace as `answer` says, computes as the linked one does, and checks
  /// what it is given.
  private func asking(_ answer: Double) -> LAPACKRoutines<Double> {
    let linked = LAPACKRoutines<Double>.linked
    var routines = linked
    routines.factorizeQR = { m, n, a, lda, tau, work, workCount in
      if workCount == -1 {
        work.pointee = answer
        return 0
      }
      #expect(BLASThreads.current == 1)
      #expect(workCount >= n)
      return linked.factorizeQR(m, n, a, lda, tau, work, workCount)
    }
    routines.decompose = { job, m, n, a, lda, values, u, ldu, vt, ldvt, work, workCount, integers in
      if workCount == -1 {
        work.pointee = answer
        return 0
      }
      #expect(BLASThreads.current == 1)
      // The documentation of xGESDD: 3·K + max(L, 7·K) without vectors, 4·K² + 7·K with, 4·K² + 6·K + L with all.
      let (least, largest) = (min(m, n), max(m, n))
      let documented =
        job == CChar(bitPattern: UInt8(ascii: "N"))
        ? 3 * least + max(largest, 7 * least) : 4 * least * least + max(7 * least, 6 * least + largest)
      #expect(workCount >= documented)
      return linked.decompose(job, m, n, a, lda, values, u, ldu, vt, ldvt, work, workCount, integers)
    }
    return routines
  }

  // Answers that are too small (a 32-bit product that wrapped, a Float rounded down) or none at all.
  @Test(arguments: [0, -2_147_483_648, 1, 1e300, .nan, .infinity])
  func workspaceAndThreads(_ answer: Double) throws {
    let routines = asking(answer)
    for shape in MatrixShape.all where shape.rows * shape.columns < 400 {
      let a = try shape.matrix(Double.self)
      let bound = FactorizationBound.relative(Double.self, shape.rows, shape.columns) * DoubleMatrix(a).norm
      for mode in FactorizationMode.allCases {
        let qr = try QRFactorization(of: a, mode: mode, routines: routines)
        let product = comparison(DoubleMatrix(qr.q) * DoubleMatrix(qr.r), DoubleMatrix(a), within: bound)
        #expect(product.isWithin, "\(product)")
        let svd = try SingularValueDecomposition(of: a, mode: mode, routines: routines)
        let sigma = DoubleMatrix.diagonal(
          svd.singularValues.elements, rows: svd.u.shape[1], columns: svd.vTransposed.shape[0])
        let whole = comparison(
          DoubleMatrix(svd.u) * sigma * DoubleMatrix(svd.vTransposed), DoubleMatrix(a), within: bound)
        #expect(whole.isWithin, "\(whole)")
      }
      #expect(try a.singularValues(routines: routines).count == shape.least)
    }
  }

  // Many threads of the host at once.
  @Test func concurrent() async throws {
    let a = try MatrixShape(rows: 31, columns: 17).matrix(Float.self)
    let expected = try SingularValueDecomposition(of: a)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<16 {
        group.addTask {
          let svd = try SingularValueDecomposition(of: a)
          return svd.u == expected.u && svd.singularValues == expected.singularValues
            && svd.vTransposed == expected.vTransposed
        }
      }
      for try await isSame in group { #expect(isSame) }
    }
  }
}
