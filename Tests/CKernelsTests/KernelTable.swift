import CKernels
import Testing

/// Attention's rules for a tile of scores, in Swift arrays.
struct Rules<Element: KernelElement> {
  var softcap: Element = 0
  var bias: [Element]?
  var biasStride = 0
  var keep: [UInt8]?
  var keepStride = 0
  var first: [Int32]?
  var end: [Int32]?
}

/// Float or Double: an element type that has kernels.
protocol KernelElement: BinaryFloatingPoint, Sendable where RawSignificand: FixedWidthInteger {
  static func table(_ set: KernelSet) -> KernelTable<Self>?
}

/// The kernels of one instruction set for one element type, as Swift closures.
struct KernelTable<T: KernelElement>: Sendable, CustomTestStringConvertible {
  typealias Input = UnsafePointer<T>
  typealias Output = UnsafeMutablePointer<T>

  var set: KernelSet
  var exp: @Sendable (Input, Output, Int) -> Void
  var softcap: @Sendable (Output, _ rows: Int, _ cols: Int, _ ld: Int, T) -> Void
  var mask: @Sendable (Output, _ rows: Int, _ cols: Int, _ ld: Int, Rules<T>) -> Void
  var softmaxRows: @Sendable (Output, _ rows: Int, _ cols: Int, _ ld: Int, Rules<T>, Output?) -> Void
  var softmaxStep:
    @Sendable (Output, _ rows: Int, _ cols: Int, _ ld: Int, Rules<T>, _ maximum: Output, _ sum: Output, Output) -> Void
  var weights: @Sendable (Output, _ rows: Int, _ cols: Int, _ ld: Int, _ maximum: Input, _ sum: Input) -> Void
  var logSumExp: @Sendable (_ maximum: Input, _ sum: Input, Output, Int) -> Void
  var scaleRows: @Sendable (Output, _ rows: Int, _ cols: Int, _ ld: Int, Input) -> Void
  var divideRows: @Sendable (Input, _ rows: Int, _ cols: Int, _ ld: Int, Input, Output, Int) -> Void
  var dot: @Sendable (Input, Input, Int) -> T
  var axpy: @Sendable (T, Input, Output, Int) -> Void
  var fewRows:
    @Sendable (
      _ rows: Int, _ features: Int, _ size: Int, _ alpha: T, _ x: Input, _ ldX: Int, _ w: Input, _ ldW: Int, _ beta: T,
      _ addend: Input?, _ ldAddend: Int, _ y: Output, _ ldY: Int
    ) -> Void
  var mostFewRows: Int
  var packsWeights: Bool
  var packedSize: @Sendable (_ features: Int, _ size: Int) -> Int
  var pack: @Sendable (_ w: Input, _ ldW: Int, _ features: Int, _ size: Int, _ panels: Output) -> Void
  var packedProduct:
    @Sendable (
      _ rows: Int, _ first: Int, _ features: Int, _ size: Int, _ x: Input, _ ldX: Int, _ panels: Input, _ bias: Input?,
      _ y: Output, _ ldY: Int
    ) -> Void
  var allFinite: @Sendable (Input, _ rows: Int, _ cols: Int, _ ld: Int) -> Bool
  var widenFloat16: @Sendable (UnsafePointer<UInt16>, Output, Int) -> Void
  var widenBFloat16: @Sendable (UnsafePointer<UInt16>, Output, Int) -> Void
  var narrowFloat16: @Sendable (Input, UnsafeMutablePointer<UInt16>, Int) -> Void
  var narrowBFloat16: @Sendable (Input, UnsafeMutablePointer<UInt16>, Int) -> Void

  var testDescription: String { "\(String(cString: kernels_name(set))) \(T.self)" }

  /// The tables that this CPU runs.
  static var available: [KernelTable<T>] {
    [KernelSetPlain, KernelSetAVX2, KernelSetAVX512, KernelSetNEON].compactMap(T.table)
  }
}

extension Optional {
  /// Calls body with the address of the array's elements, or with nil.
  fileprivate func withPointer<Member, Result>(_ body: (UnsafePointer<Member>?) -> Result) -> Result
  where Wrapped == [Member] {
    guard let self else { return body(nil) }
    return self.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}

extension Rules where Element == Float {
  func withC(_ body: (UnsafePointer<ScoreRulesF32>) -> Void) {
    bias.withPointer { bias in
      keep.withPointer { keep in
        first.withPointer { first in
          end.withPointer { end in
            var rules = ScoreRulesF32(
              softcap: softcap, bias: bias, bias_stride: biasStride, keep: keep, keep_stride: keepStride,
              first: first, end: end)
            body(&rules)
          }
        }
      }
    }
  }
}

extension Rules where Element == Double {
  func withC(_ body: (UnsafePointer<ScoreRulesF64>) -> Void) {
    bias.withPointer { bias in
      keep.withPointer { keep in
        first.withPointer { first in
          end.withPointer { end in
            var rules = ScoreRulesF64(
              softcap: softcap, bias: bias, bias_stride: biasStride, keep: keep, keep_stride: keepStride,
              first: first, end: end)
            body(&rules)
          }
        }
      }
    }
  }
}

extension Float: KernelElement {
  static func table(_ set: KernelSet) -> KernelTable<Float>? {
    guard let c = kernels_f32(set)?.pointee else { return nil }
    return KernelTable(
      set: set, exp: { c.exp($0, $1, $2) }, softcap: { c.softcap($0, $1, $2, $3, $4) },
      mask: { s, rows, cols, ld, rules in rules.withC { c.mask(s, rows, cols, ld, $0) } },
      softmaxRows: { s, rows, cols, ld, rules, out in rules.withC { c.softmax_rows(s, rows, cols, ld, $0, out) } },
      softmaxStep: { s, rows, cols, ld, rules, maximum, sum, rescale in
        rules.withC { c.softmax_step(s, rows, cols, ld, $0, maximum, sum, rescale) }
      },
      weights: { c.weights($0, $1, $2, $3, $4, $5) }, logSumExp: { c.log_sum_exp($0, $1, $2, $3) },
      scaleRows: { c.scale_rows($0, $1, $2, $3, $4) }, divideRows: { c.divide_rows($0, $1, $2, $3, $4, $5, $6) },
      dot: { c.dot($0, $1, $2) }, axpy: { c.axpy($0, $1, $2, $3) },
      fewRows: { c.few_rows($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) }, mostFewRows: c.most_few_rows,
      packsWeights: c.packs_weights, packedSize: { c.packed_size($0, $1) }, pack: { c.pack($0, $1, $2, $3, $4) },
      packedProduct: { c.packed_product($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      allFinite: { c.all_finite($0, $1, $2, $3) },
      widenFloat16: { c.widen_f16($0, $1, $2) }, widenBFloat16: { c.widen_bf16($0, $1, $2) },
      narrowFloat16: { c.narrow_f16($0, $1, $2) }, narrowBFloat16: { c.narrow_bf16($0, $1, $2) })
  }
}

extension Double: KernelElement {
  static func table(_ set: KernelSet) -> KernelTable<Double>? {
    guard let c = kernels_f64(set)?.pointee else { return nil }
    return KernelTable(
      set: set, exp: { c.exp($0, $1, $2) }, softcap: { c.softcap($0, $1, $2, $3, $4) },
      mask: { s, rows, cols, ld, rules in rules.withC { c.mask(s, rows, cols, ld, $0) } },
      softmaxRows: { s, rows, cols, ld, rules, out in rules.withC { c.softmax_rows(s, rows, cols, ld, $0, out) } },
      softmaxStep: { s, rows, cols, ld, rules, maximum, sum, rescale in
        rules.withC { c.softmax_step(s, rows, cols, ld, $0, maximum, sum, rescale) }
      },
      weights: { c.weights($0, $1, $2, $3, $4, $5) }, logSumExp: { c.log_sum_exp($0, $1, $2, $3) },
      scaleRows: { c.scale_rows($0, $1, $2, $3, $4) }, divideRows: { c.divide_rows($0, $1, $2, $3, $4, $5, $6) },
      dot: { c.dot($0, $1, $2) }, axpy: { c.axpy($0, $1, $2, $3) },
      fewRows: { c.few_rows($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) }, mostFewRows: c.most_few_rows,
      packsWeights: c.packs_weights, packedSize: { c.packed_size($0, $1) }, pack: { c.pack($0, $1, $2, $3, $4) },
      packedProduct: { c.packed_product($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
      allFinite: { c.all_finite($0, $1, $2, $3) },
      widenFloat16: { c.widen_f16($0, $1, $2) }, widenBFloat16: { c.widen_bf16($0, $1, $2) },
      narrowFloat16: { c.narrow_f16($0, $1, $2) }, narrowBFloat16: { c.narrow_bf16($0, $1, $2) })
  }
}
