import Attention
import Support
import Testing

@testable import AttentionTool

/// A case of Tests/Golden/mha_sweep.safetensors, and its input as a file of its own.
struct SweptCase: Decodable, CustomTestStringConvertible, Sendable {
  let name: String
  let form: String
  let heads: Int
  let inputs: String
  let addBiasKv: Bool
  let addZeroAttn: Bool
  let attnMask: String?
  let keyPaddingMask: String?
  let causal: Bool
  let weights: String?
  var testDescription: String { name }

  var request: LayerRequest {
    LayerRequest(
      heads: heads, isCausal: causal, addsZeroKey: addZeroAttn,
      axisOrder: form == "sequence_first" ? .sequenceFirst : .batchFirst,
      needsWeights: weights.map { $0 == "averaged" ? .averaged : .perHead } ?? .none, prefix: "\(name)/state/")
  }

  func sample(of file: GoldenFile) throws -> Sample {
    try Sample { sample in
      let (key, value) = (
        inputs == "self" ? "query" : "key", inputs == "separate" ? "value" : inputs == "self" ? "query" : "key"
      )
      for (name, source) in [("query", "query"), ("key", key), ("value", value)] {
        try sample.set(name, file.tensor("\(self.name)/\(source)", as: Float.self))
      }
      for name in ["attn_mask", "key_padding_mask"] where file.contains("\(self.name)/\(name)") {
        if try file.isBoolean("\(self.name)/\(name)") {
          try sample.set(name, file.tensor("\(self.name)/\(name)", as: Bool.self))
        } else {
          try sample.set(name, file.tensor("\(self.name)/\(name)", as: Float.self))
        }
      }
    }
  }
}
