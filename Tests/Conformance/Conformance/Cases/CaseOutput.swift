package import Checkpoints
internal import Support
package import Tensors

/// An output of an operator in the type that it has there, its numbers in Double.
package struct CaseOutput: Sendable {
  package let type: ElementType
  package let shape: [Int]
  package let numbers: [Double]

  /// What was computed, rounded once to `type`, which must be of floating point.
  package init<Element: RealElement>(_ tensor: Tensor<Element>, roundedTo type: ElementType) throws {
    self.type = type
    shape = tensor.shape
    numbers =
      switch type {
      case .float64: tensor.doubles
      case .float32: try tensor.converted(to: Float.self).doubles
      case .float16: try tensor.converted(to: Float16.self).doubles
      case .bfloat16: try tensor.converted(to: BFloat16.self).doubles
      default: throw ConformanceError.outputType(type)
      }
  }

  /// A tensor of a file.
  init(_ file: SafetensorsFile, _ name: String) throws(CheckpointError) {
    let tensor = try file.tensor(name, convertedTo: Double.self)
    (type, shape, numbers) = (try file.entry(name).type, tensor.shape, tensor.elements)
  }
}
