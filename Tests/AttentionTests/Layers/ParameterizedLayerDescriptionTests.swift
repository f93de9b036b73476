import Attention
import Testing

@Suite struct ParameterizedLayerDescriptionTests {
  @Test func ofOneLayer() throws {
    let layer = try MultiHeadAttention<Float>(embeddingSize: 4, headCount: 2, seed: 1)
    #expect(
      layer.describe() == """
        name             shape    type   count
        ---------------  -------  -----  -----
        in_proj_weight   [12, 4]  Float     48
        in_proj_bias     [12]     Float     12
        out_proj.weight  [4, 4]   Float     16
        out_proj.bias    [4]      Float      4
        ---------------  -------  -----  -----
        total                               80
        """)
  }

  @Test func ofAModel() throws {
    #expect(
      try Encoder<Double>(seed: 1).describe() == """
        name                       shape    type    count
        -------------------------  -------  ------  -----
        embedding.weight           [7, 4]   Double     28
        positions.weight           [5, 4]   Double     20
        attention.in_proj_weight   [12, 4]  Double     48
        attention.in_proj_bias     [12]     Double     12
        attention.out_proj.weight  [4, 4]   Double     16
        attention.out_proj.bias    [4]      Double      4
        -------------------------  -------  ------  -----
        total                                         128
        """)
  }

  /// Narrow columns are as wide as their titles, wide counts widen theirs.
  @Test func widths() throws {
    let layer = try Embedding<Float>(weight: Tensor(zeros: [12_345, 8]))
    #expect(
      layer.describe() == """
        name    shape       type   count
        ------  ----------  -----  -----
        weight  [12345, 8]  Float  98760
        ------  ----------  -----  -----
        total                      98760
        """)
  }
}
