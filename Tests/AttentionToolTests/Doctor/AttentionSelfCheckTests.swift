import Attention
import Testing

@testable import AttentionTool

@Suite struct AttentionSelfCheckTests {
  @Test func coversEveryPathInBothTypes() throws {
    let check = try AttentionSelfCheck.run()
    let names = Set(check.cases.map { $0.name.split(separator: " ").prefix(2).joined(separator: " ") })
    #expect(
      names == [
        "reference Float", "blas Float", "tiled Float", "fused Float", "blas Double", "tiled Double", "fused Double",
      ])
    for found in check.cases { #expect(found.passed, "\(found)") }
    // Float can't be exact here: a check whose errors are all 0 compares a thing with itself.
    for found in check.cases where found.name.contains("Float") { #expect(found.error > 0, "\(found)") }
  }

  /// Bounds are of use only if what is wrong exceeds them: a wrong output is off by a large part of the values in [−1, 1).
  @Test func boundsAreTight() throws {
    for found in try AttentionSelfCheck.run().cases {
      #expect(found.bound < (found.name.contains("Float") ? 2e-4 : 1e-12), "\(found)")
    }
  }

  @Test(arguments: AttentionSelfCheck.Problem.all.indices)
  func seesWrongNumbers(index: Int) throws {
    let problem = AttentionSelfCheck.Problem.all[index]
    var expected = try problem.solve(.reference, in: Double.self)
    #expect(try problem.check(.tiled, in: Float.self, expected).passed)
    expected[expected.count / 2] += 1e-3
    #expect(try !problem.check(.tiled, in: Float.self, expected).passed)
    expected[expected.count / 2] = .nan
    #expect(try !problem.check(.tiled, in: Float.self, expected).passed)
    #expect(try !problem.check(.tiled, in: Float.self, expected.dropLast()).passed)
  }
}
