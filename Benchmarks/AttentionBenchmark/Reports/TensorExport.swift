internal import Attention
internal import Checkpoints
internal import Foundation

/// A case's input and what each path makes of it, for other programs to compute the same and to compare: `queries`, `keys` and
/// `values`, or a layer's input, parameters and cache by PyTorch's names; and `output.<path>.<threads>`.
struct TensorExport {
  private var writer = SafetensorsWriter()
  private let outputShape: [Int]
  private let path: String

  /// - Parameter folder: where `<case>.safetensors` is to be.
  init(_ workload: some Workload, folder: String) throws {
    for (name, tensor) in try workload.tensors() { try writer.add(tensor, named: name) }
    outputShape = workload.outputShape
    path = URL(fileURLWithPath: folder).appendingPathComponent("\(workload.labels.name).safetensors").path
  }

  mutating func add(_ output: [Float], of contender: some Contender) throws {
    try writer.add(
      Tensor(output, shape: outputShape), named: "output.\(contender.path).\(contender.threads)")
  }

  func write() throws { try writer.write(to: path) }
}
