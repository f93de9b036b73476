import Attention
import ONNXConventions
import Testing

@Suite struct QueryAlignmentONNXTests {
  @Test func followsThePastTheLengthsOrTheStart() {
    #expect(QueryAlignment.onnx(pastLength: nil, keyLengths: nil, queries: 5) == .start)
    #expect(QueryAlignment.onnx(pastLength: 3, keyLengths: nil, queries: 5) == .offset(3))
    #expect(QueryAlignment.onnx(pastLength: 0, keyLengths: nil, queries: 5) == .offset(0))
    // Not clamped: rows before the first key are empty.
    #expect(QueryAlignment.onnx(pastLength: nil, keyLengths: [7, 5, 2], queries: 5) == .offsets([2, 0, -3]))
  }
}
