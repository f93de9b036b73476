internal import Checkpoints
internal import Support

/// What became of a case.
package enum CaseVerdict: Sendable {
  /// - Parameters:
  ///   - ways: in how many ways it was computed.
  ///   - largestError: |actual − expected| at the worst place of all ways and outputs.
  case passed(ways: Int, largestError: Double)
  case failed([String])
  case skipped(String)

  /// Runs a case in every way that its operator has, and compares every output with the case's own tolerance.
  package init(_ test: ConformanceCase, operators: [any CaseOperator.Type] = CaseOperators.all) {
    guard let operation = operators.first(where: { $0.name == test.header.operator }) else {
      self = .skipped("no \(test.header.operator) in the library yet")
      return
    }
    do {
      for (kind, names, known) in [
        ("input", test.header.inputs, operation.inputs),
        ("attribute", test.header.attributes.keys.sorted(), operation.attributes),
      ] {
        if let name = names.first(where: { !known.contains($0) }) {
          throw ConformanceError.unknown(kind: kind, name: name)
        }
      }
      self = try Self.comparing(operation.results(of: test), with: test)
    } catch let reason as NotCovered {
      self = .skipped(reason.description)
    } catch {
      self = .failed(["\(error)"])
    }
  }

  private static func comparing(_ results: [CaseResult], with test: ConformanceCase) throws -> CaseVerdict {
    var failures: [String] = []
    var largestError = 0.0
    for result in results {
      for output in test.header.outputs {
        let expected = try test.expected(output.name)
        guard let actual = result.outputs[output.name] else {
          failures.append("\(result.way): no \(output.name)")
          continue
        }
        guard actual.type == expected.type, actual.shape == expected.shape else {
          failures.append(
            "\(result.way): \(output.name) is \(actual.type.rawValue) \(actual.shape), "
              + "expected \(expected.type.rawValue) \(expected.shape)")
          continue
        }
        let (actualNumbers, expectedNumbers, shape) = (actual.numbers, expected.numbers, expected.shape)
        let comparison = Comparison(
          actualNumbers, expectedNumbers, shape: shape, absolute: output.absolute, relative: output.relative)
        if !comparison.isWithin { failures.append("\(result.way): \(output.name), \(comparison)") }
        largestError = max(largestError, Comparison(actualNumbers, expectedNumbers, shape: shape).error)
      }
    }
    // A case that compares nothing shows nothing.
    if results.isEmpty || test.header.outputs.isEmpty { failures.append("nothing to compare") }
    return failures.isEmpty ? .passed(ways: results.count, largestError: largestError) : .failed(failures)
  }
}
