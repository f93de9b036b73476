/// A value that a ``Tensor`` can hold: `Bool`, the fixed-width integers, `Int`, `Float16`, ``BFloat16``, `Float` and
/// `Double`.
///
/// Every conforming type is trivial (no references), so that a tensor's memory can be copied as bytes.
public protocol TensorElement: Sendable, Equatable, BitwiseCopyable {
  /// What fresh memory is filled with: `false` or 0.
  static var zero: Self { get }
}

extension Bool: TensorElement {
  public static var zero: Bool { false }
}

extension Int8: TensorElement {}
extension Int16: TensorElement {}
extension Int32: TensorElement {}
extension Int64: TensorElement {}
extension Int: TensorElement {}
extension UInt8: TensorElement {}
extension UInt16: TensorElement {}
extension UInt32: TensorElement {}
extension UInt64: TensorElement {}
extension Float: TensorElement {}
extension Double: TensorElement {}
#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
  extension Float16: TensorElement {}
#endif

/// A floating-point element, convertible to every other one (`Tensor.converted(to:)`).
public protocol RealElement: TensorElement {
  /// The nearest value of this type to `value`, ties to even; beyond the range: ±∞.
  init(rounding value: Double)
  /// The same number in Double; exact.
  var asDouble: Double { get }
}

extension Float: RealElement {
  public init(rounding value: Double) { self = Float(value) }
  public var asDouble: Double { Double(self) }
}

extension Double: RealElement {
  public init(rounding value: Double) { self = value }
  public var asDouble: Double { self }
}

#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
  extension Float16: RealElement {
    public init(rounding value: Double) { self = Float16(value) }
    public var asDouble: Double { Double(self) }
  }
#endif
