import Attention

let x = try Tensor<Float>(rows: [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]).reshaped(to: [1, 1, 3, 3])
let v = try Tensor<Float>(rows: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]).reshaped(to: [1, 1, 3, 3])  // [B, H, S, D]
print(try scaledDotProductAttention(queries: x, keys: x, values: v))
print(try scaledDotProductAttention(queries: x, keys: x, values: v, mask: .causal))

let layer = try MultiHeadAttention<Float>(embeddingSize: 4, headCount: 2, seed: 1)
let tokens = try Tensor<Float>(repeating: 0.5, shape: [2, 3, 4])  // [B, L, E]
print(try layer(tokens).shape)
