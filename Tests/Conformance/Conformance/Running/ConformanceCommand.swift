/// What the executable does, without its process.
package struct ConformanceCommand {
  /// Every case passed or was skipped.
  package static let succeeded: Int32 = 0
  package static let failed: Int32 = 1
  /// There are no cases to run, or a file of them is damaged.
  package static let unusable: Int32 = 2

  private let arguments: [String]

  /// - Parameter arguments: those after the program's name.
  package init(arguments: [String]) { self.arguments = arguments }

  /// Reads all cases, then runs one after the other.
  ///
  /// - Parameters:
  ///   - print: takes the results, line by line as they come.
  ///   - complain: takes what is wrong with the arguments or the files.
  /// - Returns: the exit code.
  package func run(print: (String) -> Void, complain: (String) -> Void) -> Int32 {
    do {
      guard arguments.count == 1 else { throw ConformanceError.usage }
      let cases = try CaseFiles.cases(at: arguments[0])
      var report = ConformanceReport()
      for test in cases {
        let verdict = CaseVerdict(test)
        print(ConformanceReport.lines(verdict, of: test))
        report.add(verdict, of: test)
      }
      print("\n" + (try report.table()))
      return report.hasFailed ? Self.failed : Self.succeeded
    } catch {
      complain("\(error)")
      return Self.unusable
    }
  }
}
