public import Tensors

/// The type of a tensor's elements in a safetensors file; the raw value is the name in the header (`dtype`).
///
/// The cases are ordered as the reference implementation (huggingface/safetensors 0.8) writes tensors: the widest first,
/// so that every tensor is aligned to its element. The types of the format that no ``/Tensors/Tensor`` can hold (8-bit and
/// narrower floating point, complex) are listed too: a file that has such tensors opens, and the other tensors of it
/// can be read.
public enum ElementType: String, CaseIterable, Sendable {
  case uint64 = "U64"
  case int64 = "I64"
  case float64 = "F64"
  case complex64 = "C64"
  case float32 = "F32"
  case uint32 = "U32"
  case int32 = "I32"
  case bfloat16 = "BF16"
  case float16 = "F16"
  case uint16 = "U16"
  case int16 = "I16"
  case float8E5M2FNUZ = "F8_E5M2FNUZ"
  case float8E4M3FNUZ = "F8_E4M3FNUZ"
  case float8E8M0 = "F8_E8M0"
  case float8E4M3 = "F8_E4M3"
  case float8E5M2 = "F8_E5M2"
  case int8 = "I8"
  case uint8 = "U8"
  case float6E3M2 = "F6_E3M2"
  case float6E2M3 = "F6_E2M3"
  case float4 = "F4"
  case bool = "BOOL"

  /// The type in which tensors of a Swift type are stored; nil for a type that the format does not have.
  /// `Int` is stored as I64.
  public init?(_ element: any TensorElement.Type) {
    let type: ElementType? =
      switch element {
      case is Float.Type: .float32
      case is Double.Type: .float64
      case is BFloat16.Type: .bfloat16
      case is Float16.Type: .float16
      case is Bool.Type: .bool
      case is Int64.Type, is Int.Type: .int64
      case is Int32.Type: .int32
      case is Int16.Type: .int16
      case is Int8.Type: .int8
      case is UInt64.Type: .uint64
      case is UInt32.Type: .uint32
      case is UInt16.Type: .uint16
      case is UInt8.Type: .uint8
      default: nil
      }
    guard let type else { return nil }
    self = type
  }

  /// The size of an element in bits; below 8 for packed types.
  public var bitCount: Int {
    switch self {
    case .uint64, .int64, .float64, .complex64: 64
    case .float32, .uint32, .int32: 32
    case .bfloat16, .float16, .uint16, .int16: 16
    case .float8E5M2FNUZ, .float8E4M3FNUZ, .float8E8M0, .float8E4M3, .float8E5M2, .int8, .uint8, .bool: 8
    case .float6E3M2, .float6E2M3: 6
    case .float4: 4
    }
  }

  /// Whether a ``/Tensors/Tensor`` can hold elements of this type.
  public var isReadable: Bool {
    switch self {
    case .float64, .float32, .bfloat16, .float16, .bool: true
    case .uint64, .uint32, .uint16, .uint8, .int64, .int32, .int16, .int8: true
    case .complex64, .float8E5M2FNUZ, .float8E4M3FNUZ, .float8E8M0, .float8E4M3, .float8E5M2: false
    case .float6E3M2, .float6E2M3, .float4: false
    }
  }
}

extension ElementType: CustomStringConvertible {
  public var description: String { rawValue }
}
