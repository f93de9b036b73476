package import Attention

extension QueryAlignment {
  /// Where query 0 stands by the rule of ONNX `Attention` (opset 24), for causal and window alike: after the past; else at
  /// length[b] − L, possibly negative, where lengths are given; else at key 0.
  package static func onnx(pastLength: Int?, keyLengths: [Int]?, queries: Int) -> QueryAlignment {
    if let pastLength { return .offset(pastLength) }
    if let keyLengths { return .offsets(keyLengths.map { $0 - queries }) }
    return .start
  }
}
