import Attention
import ONNXConventions
import Testing

@Suite struct ScoreStageTests {
  /// `qk_matmul_output_mode`, opset 23 to 25.
  @Test(
    arguments: [
      (0, AttentionDetailSet.rawScores), (1, .cappedScores), (2, .maskedScores), (3, .weights), (-1, nil), (4, nil),
    ] as [(Int, AttentionDetailSet?)])
  func modesAreInOrder(mode: Int, detail: AttentionDetailSet?) {
    #expect(ScoreStage(mode: mode)?.detail == detail)
  }
}
