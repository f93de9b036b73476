import Glibc
import Testing

/// Factorizations is opt-in: who doesn't import it doesn't need LAPACKE at run time either.
@Suite struct LinkingTests {
  /// The executable that runs these tests; the package's other executables are built into the same folder.
  private let tests: String

  init() throws {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    try #require(count > 0)
    tests = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  // Imports Attention, not Factorizations.
  @Test func benchmarkDoesNotLinkLAPACKE() throws {
    let folder = tests.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let libraries = try ELFFile(path: "\(folder)/attention-benchmark").neededLibraries
    #expect(libraries.contains { $0.hasPrefix("libopenblas.") })
    #expect(!libraries.contains { $0.contains("lapack") }, "\(libraries)")
  }

  // These tests import it: what the one above does not find is found here.
  @Test func testsLinkLAPACKE() throws {
    let libraries = try ELFFile(path: tests).neededLibraries
    #expect(libraries.contains { $0.hasPrefix("liblapacke.") }, "\(libraries)")
  }

  @Test func noELF() throws {
    #expect(throws: ELFFile.Fault.notELF(path: "/proc/self/status")) { try ELFFile(path: "/proc/self/status") }
    #expect(throws: ELFFile.Fault.unreadable(path: "/nowhere", code: ENOENT)) { try ELFFile(path: "/nowhere") }
  }
}
