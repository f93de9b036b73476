internal import Attention

/// What is wrong with a shape on the command line: the text, and what would do.
struct CaseError: Error, Equatable, CustomStringConvertible {
  let text: String
  let expected: String

  var description: String { "'\(text)' is no shape: expected \(expected)" }
}

extension AttentionCase {
  /// A case from `B,H,G,L,S,D` or `B,H,G,L,S,D,causal`, named by that text.
  ///
  /// - Throws: ``CaseError`` for anything else: other fields, numbers below 1 or beyond memory, H no multiple of G.
  init(parsing text: String) throws(CaseError) {
    var fields = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let isCausal = fields.count == 7 && fields.last == "causal"
    if isCausal { fields.removeLast() }
    guard fields.count == 6 else {
      throw CaseError(text: text, expected: "B,H,G,L,S,D or B,H,G,L,S,D,causal, such as 1,12,12,512,512,64")
    }
    let sizes = try CaseError.sizes(fields, of: text)
    self.init(
      text, batch: sizes[0], heads: sizes[1], keyValueHeads: sizes[2], queries: sizes[3], keys: sizes[4],
      headSize: sizes[5], isCausal: isCausal)
    do throws(AttentionError) {
      _ = try shape()
    } catch {
      throw CaseError(text: text, expected: "sizes that fit each other (\(error))")
    }
    let rows = Double(heads) * Double(queries) + Double(keyValueHeads) * Double(keys)
    try CaseError.check(2 * Double(batch) * Double(headSize) * rows, of: text)
  }
}

extension CaseError {
  /// 8 GiB of Float: a shape beyond that is taken for a slip.
  static let elementLimit = 1 << 31

  /// Every field as a number of at least 1 that BLAS can take.
  static func sizes(_ fields: [String], of text: String) throws(CaseError) -> [Int] {
    var sizes: [Int] = []
    for field in fields {
      guard let size = Int(field), (1...Int(Int32.max)).contains(size) else {
        throw CaseError(text: text, expected: "whole numbers from 1 to \(Int32.max), not '\(field)'")
      }
      sizes.append(size)
    }
    return sizes
  }

  /// That all operands together have no more than ``elementLimit`` elements.
  static func check(_ elements: Double, of text: String) throws(CaseError) {
    guard elements <= Double(elementLimit) else {
      throw CaseError(text: text, expected: "at most \(elementLimit) numbers in all operands together")
    }
  }
}
