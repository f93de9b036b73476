import Attention
import Testing

@Suite("The mask value")
struct AttentionMaskTests {
  private typealias Mask = AttentionMask<Float>

  @Test("Parts and their descriptions")
  func descriptions() throws {
    #expect(Mask.none.description == "none")
    #expect(Mask.causal.description == "causal")
    #expect(Mask.window(left: 3, right: nil).description == "window(left: 3, right: ∞)")
    #expect(Mask.window(left: -1, right: 0).description == "window(left: ∞, right: 0)")
    #expect(Mask.window(left: -1, right: nil).description == "none")
    #expect(Mask.keyLengths([7, 5]).description == "keyLengths[7, 5]")
    #expect(Mask.keyLengths(Array(repeating: 1, count: 9)).description == "keyLengths[9]")
    let all = try Mask.causal & .keep(Tensor(zeros: [2, 3])) & .bias(Tensor(zeros: [3])) & .keyLengths([2])
    #expect(all.description == "causal & keyLengths[2] & keep[2, 3] & bias[3]")
  }

  @Test("Windows narrow, lengths shorten, causal stays")
  func intersections() {
    let window = Mask.window(left: 3, right: nil) & .window(left: 5, right: 2)
    #expect(window.windowLeft == 3 && window.windowRight == 2 && !window.isCausal)
    let unbounded = Mask.window(left: -1, right: 4) & .window(left: nil, right: -1)
    #expect(unbounded.windowLeft == nil && unbounded.windowRight == 4)
    #expect((Mask.keyLengths([7, 2, 5]) & .keyLengths([3, 4, 5])).keyLengths == [3, 2, 5])
    #expect((Mask.keyLengths([7, 2]) & .causal).keyLengths == [7, 2])
    #expect((Mask.causal & .none).isCausal && (Mask.none & .causal).isCausal && (Mask.causal & .causal).isCausal)
  }

  @Test("Keeps and biases are collected in order")
  func collected() throws {
    let (first, second) = (try Tensor([true], shape: [1]), try Tensor([false, true], shape: [2]))
    let bias = try Tensor<Float>([1, 2], shape: [2])
    let mask = Mask.keep(first) & .bias(bias) & (.keep(second) & .bias(bias))
    #expect(mask.keeps == [first, second])
    #expect(mask.biases == [bias, bias])
  }

  @Test("In another type every part is there")
  func inAnotherType() throws {
    let position = PositionBias<Double>.alibi(headCount: 2) + .alibi(slopes: [0.5, 1])
    let tables: PositionBias<Double> =
      .buckets(table: try Tensor(zeros: [8, 2]), isBidirectional: false, maximumDistance: 20)
      + .distances(table: try Tensor(zeros: [7]))
    let mask =
      try AttentionMask<Double>.causal & .window(left: 3, right: nil) & .keyLengths([2]) & .pattern(.strided(2))
      & .keep(Tensor(zeros: [2, 3])) & .bias(Tensor(zeros: [3])) & .positionBias(position + tables)
    #expect(mask.description.contains("alibi[2] + alibi[2 slopes] + buckets[8, 2] of the past to 20 + distances[7]"))
    #expect(try mask.converted(to: Float.self).description == mask.description)
  }

  @Test("A position bias is part of the mask in both types", arguments: Way.all)
  func positionBias(way: Way) throws {
    let table = try Tensor<Double>([-.infinity, 0, 0, -.infinity, 0], shape: [5])  // from two before to two after
    try expectAttended(["101/110/011"], way, mask: .positionBias(.distances(table: table)), alignment: .start)
  }

  @Test("6: intersection is the same in any order", arguments: Way.all)
  func anyOrder(way: Way) throws {
    let parts: [AttentionMask<Double>] = [
      .causal, .window(left: 1, right: 0), .keyLengths([3, 2]),
      .keep(try Tensor([true, true, false, true], shape: [4])),
      .bias(try Tensor([0, 0, -.infinity, 0], shape: [4])),
    ]
    let patterns = ["1000/1100/0100/0000", "1000/1100/0100/0000"]
    try expectAttended(patterns, way, mask: parts.reduce(.none, &))
    try expectAttended(patterns, way, mask: parts.reversed().reduce(.none, &))
    try expectAttended(patterns, way, mask: parts.reduce(.none) { $1 & $0 & $1 })
  }

  @Test("Causal is a window without keys to the right", arguments: Way.all)
  func causalIsAWindow(way: Way) throws {
    let patterns = ["11000/11100/11110"]
    try expectAttended(patterns, way, mask: .causal, alignment: .offset(1))
    try expectAttended(patterns, way, mask: .window(left: nil, right: 0), alignment: .offset(1))
  }
}
