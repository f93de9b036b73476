import Foundation
import Support
import Testing

@testable import Attention

@Suite struct RotaryPositionsTests {
  /// One pair turns by p radians: (1, 0) at position p is (cos p, sin p).
  @Test(arguments: [RotaryPairing.halves, .interleaved]) func byHand(pairing: RotaryPairing) throws {
    let rotary = try RotaryPositions<Double>(rotarySize: 2, pairing: pairing, precomputed: 2)
    let x = try Tensor<Double>([1, 0, 0, 1, 3, 4], shape: [1, 1, 3, 2])
    let expected = [1, 0, -sin(1.0), cos(1.0), 3 * cos(2.0) - 4 * sin(2.0), 4 * cos(2.0) + 3 * sin(2.0)]
    let comparison = Comparison(try rotary(x), expected, shape: [1, 1, 3, 2], absolute: 1e-15)
    #expect(comparison.isWithin, "\(comparison)")
  }

  /// Four numbers with θ = 1 and 1/2 (base 4): pairs (0, 2), (1, 3) by halves and (0, 1), (2, 3) interleaved; number 4 stays.
  @Test func pairsByHand() throws {
    let x = try Tensor<Double>([1, 2, 3, 4, 5], shape: [1, 1, 1, 5])
    let (c, s, d, t) = (cos(6.0), sin(6.0), cos(3.0), sin(3.0))
    let halves = try RotaryPositions<Double>(rotarySize: 4, base: 4)(x, at: .offset(6))
    let interleaved = try RotaryPositions<Double>(rotarySize: 4, base: 4, pairing: .interleaved)(x, at: .offset(6))
    for (actual, expected) in [
      (halves, [c - 3 * s, 2 * d - 4 * t, 3 * c + s, 4 * d + 2 * t, 5]),
      (interleaved, [c - 2 * s, 2 * c + s, 3 * d - 4 * t, 4 * d + 3 * t, 5]),
    ] {
      let comparison = Comparison(actual, expected, shape: [1, 1, 1, 5], absolute: 1e-14)
      #expect(comparison.isWithin, "\(comparison)")
    }
  }

  @Test func positionZeroChangesNothing() throws {
    var random = SeededGenerator(seed: 1)
    let x: Tensor<Float> = try random.normal([2, 3, 1, 14])
    #expect(try RotaryPositions<Float>(rotarySize: 14)(x).isBitwiseEqual(to: x))
    #expect(try RotaryPositions<Float>(rotarySize: 6, precomputed: 0)(x).isBitwiseEqual(to: x))
  }

  @Test(arguments: [RotaryPairing.halves, .interleaved])
  func productsDependOnTheDistance(pairing: RotaryPairing) throws {
    var random = SeededGenerator(seed: 2)
    let rotary = try RotaryPositions<Double>(rotarySize: 10, pairing: pairing)
    let (q, k): (Tensor<Double>, Tensor<Double>) = (
      try random.normal([1, 1, 1, 14]), try random.normal([1, 1, 1, 14])
    )
    func product(_ first: Int, _ second: Int) throws -> Double {
      let pair = (try rotary(q, at: .offset(first)).elements, try rotary(k, at: .offset(second)).elements)
      return zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let length = q.elements.reduce(0) { $0 + $1 * $1 }
    for distance in [-7, 0, 3, 600] {
      let expected = try product(0, distance)
      for position in [1, 5, 511, 512, 4000] {
        #expect(abs(try product(position, position + distance) - expected) < 1e-10, "\(position), \(distance)")
      }
    }
    // And lengths stay.
    let turned = try rotary(q, at: .offset(777)).elements.reduce(0) { $0 + $1 * $1 }
    #expect(abs(turned - length) < 1e-13 * length)
  }

  /// Rows of positions that are kept and of others are the same bits, a piece is that of the whole, and Float's tables are Double's,
  /// rounded once.
  @Test(arguments: [RotaryPairing.halves, .interleaved]) func piecesAndTables(pairing: RotaryPairing) throws {
    var random = SeededGenerator(seed: 3)
    let x: Tensor<Float> = try random.normal([2, 3, 23, 14])
    func rotary(_ precomputed: Int) throws -> RotaryPositions<Float> {
      try RotaryPositions<Float>(rotarySize: 14, pairing: pairing, precomputed: precomputed)
    }
    let whole = try rotary(40)(x, at: .offset(5))
    for precomputed in [0, 11, 28] {
      #expect(try rotary(precomputed)(x, at: .offset(5)).isBitwiseEqual(to: whole), "\(precomputed)")
    }
    for cut in [1, 7, 22] {
      let first = try rotary(11)(x.sliced(axis: 2, 0..<cut), at: .offset(5))
      let second = try rotary(11)(x.sliced(axis: 2, cut..<23), at: .offset(5 + cut))
      #expect(try first.isBitwiseEqual(to: whole.sliced(axis: 2, 0..<cut)), "\(cut)")
      #expect(try second.isBitwiseEqual(to: whole.sliced(axis: 2, cut..<23)), "\(cut)")
    }
    let double = try RotaryPositions<Double>(rotarySize: 14, pairing: pairing, precomputed: 40)
    #expect(try rotary(40).cosines == double.cosines.converted(to: Float.self))
    #expect(try rotary(40).sines == double.sines.converted(to: Float.self))
  }

  /// More pairs than are computed at a time.
  @Test func largeHeads() throws {
    var random = SeededGenerator(seed: 4)
    let x: Tensor<Double> = try random.normal([1, 2, 3, 300])
    for pairing in [RotaryPairing.halves, .interleaved] {
      let kept = try RotaryPositions<Double>(rotarySize: 262, pairing: pairing, precomputed: 99)
      let computed = try RotaryPositions<Double>(rotarySize: 262, pairing: pairing, precomputed: 0)
      #expect(try kept(x, at: .offset(96)).isBitwiseEqual(to: computed(x, at: .offset(96))))
    }
  }

  @Test func interleavedIsHalvesPermuted() throws {
    var random = SeededGenerator(seed: 5)
    let x: Tensor<Double> = try random.normal([2, 3, 7, 14])
    // Number 2k of the interleaved order is number k by halves, and 2k + 1 is k + 7; they are gathered as views.
    func halved(_ x: Tensor<Double>) throws -> Tensor<Double> {
      try x.reshaped(to: [2, 3, 7, 7, 2]).transposed(3, 4).reshaped(to: [2, 3, 7, 14])
    }
    let halves = try RotaryPositions<Double>(rotarySize: 14)(halved(x), at: .offset(3))
    let interleaved = try RotaryPositions<Double>(rotarySize: 14, pairing: .interleaved)(x, at: .offset(3))
    #expect(try halved(interleaved).isBitwiseEqual(to: halves))
  }

  @Test func negativePositionsUndo() throws {
    var random = SeededGenerator(seed: 6)
    let x: Tensor<Double> = try random.normal([2, 3, 5, 14])
    let rotary = try RotaryPositions<Double>(rotarySize: 14)
    let turned = try rotary(x, at: .offset(31))
    let back = try rotary(turned, at: .given(Tensor([-31, -32, -33, -34, -35], shape: [5])))
    let comparison = Comparison(back, x.elements, shape: [2, 3, 5, 14], absolute: 1e-14)
    #expect(comparison.isWithin, "\(comparison)")
    // Keys are moved by rotating further.
    let moved = try rotary(rotary(x, at: .offset(10)), at: .given(Tensor([-4], shape: [1]).broadcast(to: [5])))
    let direct = try rotary(x, at: .offset(6))
    let another = Comparison(moved, direct.elements, shape: [2, 3, 5, 14], absolute: 1e-13)
    #expect(another.isWithin, "\(another)")
  }

  @Test func positionsGivenInEveryWay() throws {
    var random = SeededGenerator(seed: 7)
    let x: Tensor<Float> = try random.normal([2, 3, 5, 14])
    let rotary = try RotaryPositions<Float>(rotarySize: 10, precomputed: 20)
    let all = [3, 4, 5, 6, 7, 18, 19, 20, 21, 22]
    let byRow = try rotary(x, at: .given(Tensor(all, shape: [2, 5])))
    #expect(try byRow.isBitwiseEqual(to: rotary(x, at: .offsets([3, 18]))))
    for (batch, offset) in [3, 18].enumerated() {
      let element = try x.sliced(axis: 0, batch..<(batch + 1))
      #expect(
        try byRow.sliced(axis: 0, batch..<(batch + 1)).isBitwiseEqual(to: rotary(element, at: .offset(offset))))
    }
    let shared = try rotary(x, at: .offset(3))
    #expect(try rotary(x, at: .given(Tensor([3, 4, 5, 6, 7], shape: [5]))).isBitwiseEqual(to: shared))
    #expect(try rotary(x, at: .given(Tensor([3, 4, 5, 6, 7], shape: [1, 5]))).isBitwiseEqual(to: shared))
    // A view of positions: columns of [5, 2].
    let columns = try Tensor([3, 18, 4, 19, 5, 20, 6, 21, 7, 22], shape: [5, 2]).transposed(0, 1)
    #expect(try rotary(x, at: .given(columns)).isBitwiseEqual(to: byRow))
  }

  @Test func joinedHeads() throws {
    var random = SeededGenerator(seed: 8)
    let x: Tensor<Float> = try random.normal([2, 5, 3 * 14])
    let rotary = try RotaryPositions<Float>(rotarySize: 10)
    let joined = try rotary(x, at: .offset(4), headCount: 3)
    #expect(joined.shape == [2, 5, 42])
    let split = try rotary(x.splittingHeads(3), at: .offset(4))
    #expect(try split.mergingHeads().isBitwiseEqual(to: joined))
  }

  /// Views give what their copies give, and stay as they are.
  @Test func views() throws {
    var random = SeededGenerator(seed: 9)
    let packed: Tensor<Double> = try random.normal([2, 5, 3 * 42])
    let rotary = try RotaryPositions<Double>(rotarySize: 14)
    let views: [Tensor<Double>] = [
      try packed.sliced(axis: 2, 42..<84).splittingHeads(3),
      try packed.reshaped(to: [2, 3, 14, 15]).transposed(2, 3),  // columns that are no neighbours
      try packed.sliced(axis: 1, 2..<3).reshaped(to: [2, 1, 9, 14]).broadcast(to: [2, 4, 9, 14]),
    ]
    let before = packed.elements
    for view in views {
      let copy = try Tensor(view.elements, shape: view.shape)
      #expect(try rotary(view, at: .offset(2)).isBitwiseEqual(to: rotary(copy, at: .offset(2))))
    }
    #expect(packed.elements == before)
  }

  @Test func memoryIsTakenOver() throws {
    var random = SeededGenerator(seed: 10)
    let rotary = try RotaryPositions<Float>(rotarySize: 14)
    var x: Tensor<Float> = try random.normal([2, 3, 5, 14])
    let copy = try Tensor(x.elements, shape: x.shape)
    let memory = x.storage.base
    try rotary.rotate(&x)
    #expect(x.storage.base == memory)
    #expect(try x.isBitwiseEqual(to: rotary(copy)))
    // A second holder keeps what it has.
    let kept = x
    try rotary.rotate(&x)
    #expect(x.storage.base != memory && kept.storage.base == memory)
    #expect(try x.isBitwiseEqual(to: rotary(kept)))
  }

  @Test func empty() throws {
    let rotary = try RotaryPositions<Float>(rotarySize: 14)
    for shape in [[0, 3, 5, 14], [2, 0, 5, 14], [2, 3, 0, 14]] {
      #expect(try rotary(Tensor<Float>(zeros: shape)).shape == shape)
    }
  }

  /// Large enough for several workers: rows of each element are those of the element alone.
  @Test func severalWorkers() throws {
    var random = SeededGenerator(seed: 11)
    let x: Tensor<Float> = try random.normal([1, 2, 5, 14])
    let many = try x.broadcast(to: [1877, 2, 5, 14])
    let rotary = try RotaryPositions<Float>(rotarySize: 14)
    #expect(RotaryRotation<Float>.workersWorthWaking(numbers: many.count) > 1 || Workers.count == 1)
    let elements = try rotary(many).elements
    let expected = try rotary(x).elements
    #expect(elements.count == 1877 * 140)
    #expect((0..<1877).allSatisfy { Array(elements[($0 * 140)..<($0 * 140 + 140)]) == expected })
  }

  /// In another's memory, with gaps that are left alone.
  @Test func headsInPlace() throws {
    var random = SeededGenerator(seed: 12)
    let packed: Tensor<Double> = try random.normal([2, 5, 3 * 42])
    let rotary = try RotaryPositions<Double>(rotarySize: 10, precomputed: 4)
    let expected = try rotary(packed.sliced(axis: 2, 42..<84), at: .offsets([1, 30]), headCount: 3)
    let memory = try packed.copy()
    try rotary.check(.offsets([1, 30]), batch: 2, rows: 5, headSize: 14)
    for workers in [1, 2] {
      try rotary.rotate(
        MutableHeadMatrices(
          base: memory.storage.base + (workers == 1 ? 42 : 84), strides: HeadStrides(batch: 5 * 126, head: 14, row: 126)
        ),
        batch: 2, heads: 3, rows: 5, headSize: 14, at: .offsets([1, 30]), workers: workers)
    }
    #expect(try memory.sliced(axis: 2, 42..<84).isBitwiseEqual(to: expected))
    let values = try rotary(packed.sliced(axis: 2, 84..<126), at: .offsets([1, 30]), headCount: 3)
    #expect(try memory.sliced(axis: 2, 84..<126).isBitwiseEqual(to: values))
    #expect(try memory.sliced(axis: 2, 0..<42).isBitwiseEqual(to: packed.sliced(axis: 2, 0..<42)))
  }
}
