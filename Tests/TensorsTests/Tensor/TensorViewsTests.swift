import Tensors
import Testing

/// `[a, b, c]` with the element at [i, j, k] = 100·i + 10·j + k, so that every element names its index.
private func indexed(_ a: Int, _ b: Int, _ c: Int) throws -> Tensor<Int> {
  var elements: [Int] = []
  for i in 0..<a { for j in 0..<b { for k in 0..<c { elements.append(100 * i + 10 * j + k) } } }
  return try Tensor(elements, shape: [a, b, c])
}

@Suite struct TensorViewsTests {
  @Test("transposed exchanges two axes")
  func transposed() throws {
    let tensor = try indexed(2, 3, 5)
    let view = try tensor.transposed(0, 2)
    #expect(view.shape == [5, 3, 2])
    #expect(view.strides == [1, 5, 15])
    #expect(view.storage === tensor.storage)
    #expect(!view.isContiguous)
    for i in 0..<2 { for j in 0..<3 { for k in 0..<5 { #expect(view[k, j, i] == 100 * i + 10 * j + k) } } }
    #expect(try view.transposed(2, 0) == tensor)
    #expect(try tensor.transposed(1, 1) == tensor)
    #expect(throws: TensorError.axis(actual: 3, rank: 3)) { try tensor.transposed(0, 3) }
    #expect(throws: TensorError.axis(actual: -1, rank: 3)) { try tensor.transposed(-1, 0) }
  }

  @Test("permuted puts axis order[i] at i")
  func permuted() throws {
    let tensor = try indexed(2, 3, 5)
    let view = try tensor.permuted([2, 0, 1])
    #expect(view.shape == [5, 2, 3])
    #expect(view.storage === tensor.storage)
    for i in 0..<2 { for j in 0..<3 { for k in 0..<5 { #expect(view[k, i, j] == 100 * i + 10 * j + k) } } }
    #expect(try view.permuted([1, 2, 0]) == tensor)
    for order in [[0, 1], [0, 0, 1], [0, 1, 3], [-1, 0, 1], [0, 1, 2, 3]] {
      #expect(throws: TensorError.permutation(actual: order, rank: 3)) { try tensor.permuted(order) }
    }
    #expect(try Tensor<Int>([1], shape: []).permuted([])[] == 1)
  }

  @Test("sliced keeps a range of an axis")
  func sliced() throws {
    let tensor = try indexed(2, 3, 5)
    let view = try tensor.sliced(axis: 2, 1..<4).sliced(axis: 1, 1..<3)
    #expect(view.shape == [2, 2, 3])
    #expect(view.storage === tensor.storage)
    #expect(view.elements == [11, 12, 13, 21, 22, 23, 111, 112, 113, 121, 122, 123])
    #expect(view[1, 0, 2] == 113)
    #expect(try tensor.sliced(axis: 0, 0..<2) == tensor)
    let empty = try tensor.sliced(axis: 1, 3..<3)
    #expect(empty.shape == [2, 0, 5])
    #expect(empty.elements.isEmpty)
    #expect(throws: TensorError.range(actual: 2..<4, axis: 1, size: 3)) { try tensor.sliced(axis: 1, 2..<4) }
    #expect(throws: TensorError.range(actual: -1..<2, axis: 1, size: 3)) { try tensor.sliced(axis: 1, -1..<2) }
    #expect(throws: TensorError.range(actual: 4..<4, axis: 1, size: 3)) { try tensor.sliced(axis: 1, 4..<4) }
    #expect(throws: TensorError.axis(actual: 3, rank: 3)) { try tensor.sliced(axis: 3, 0..<1) }
  }

  @Test("selecting drops an axis at one of its indices")
  func selecting() throws {
    let tensor = try indexed(2, 3, 5)
    let view = try tensor.selecting(axis: 1, 2)
    #expect(view.shape == [2, 5])
    #expect(view.storage === tensor.storage)
    #expect(view.elements == [20, 21, 22, 23, 24, 120, 121, 122, 123, 124])
    let single = try view.selecting(axis: 1, 3).selecting(axis: 0, 1)
    #expect(single.shape == [])
    #expect(single[] == 123)
    #expect(throws: TensorError.range(actual: 3..<4, axis: 1, size: 3)) { try tensor.selecting(axis: 1, 3) }
    #expect(throws: TensorError.range(actual: -1..<0, axis: 0, size: 2)) { try tensor.selecting(axis: 0, -1) }
    #expect(throws: TensorError.range(actual: Int.max..<Int.max, axis: 0, size: 2)) {
      try tensor.selecting(axis: 0, .max)
    }
    #expect(throws: TensorError.axis(actual: 0, rank: 0)) { try single.selecting(axis: 0, 0) }
  }

  @Test("insertingAxis adds a size of 1", arguments: [(0, [1, 2, 3, 5]), (2, [2, 3, 1, 5]), (3, [2, 3, 5, 1])])
  func insertingAxis(axis: Int, shape: [Int]) throws {
    let tensor = try indexed(2, 3, 5)
    let view = try tensor.insertingAxis(axis)
    #expect(view.shape == shape)
    #expect(view.storage === tensor.storage)
    #expect(view.isContiguous)
    #expect(view.elements == tensor.elements)
    #expect(throws: TensorError.axis(actual: 4, rank: 4)) { try tensor.insertingAxis(4) }
    #expect(throws: TensorError.axis(actual: -1, rank: 4)) { try tensor.insertingAxis(-1) }
  }

  @Test(
    "reshaped shares memory where strides can express it",
    arguments: [[30], [6, 5], [2, 15], [2, 1, 3, 5, 1], [5, 6], [1, 30]])
  func reshapedView(shape: [Int]) throws {
    let tensor = try indexed(2, 3, 5)
    let view = try tensor.reshaped(to: shape)
    #expect(view.shape == shape)
    #expect(view.storage === tensor.storage)
    #expect(view.elements == tensor.elements)
  }

  @Test("reshaped divides and joins axes of a strided view without a copy")
  func reshapedStridedView() throws {
    let tensor = try Tensor<Int>(0..<(4 * 6 * 7), shape: [4, 6, 7])
    // Columns 2..<5 of 7: rows can be divided, and joined with the axis before, columns can't be joined with rows.
    let view = try tensor.sliced(axis: 2, 2..<5)
    for shape in [[24, 3], [2, 2, 6, 3], [4, 2, 3, 3], [4, 6, 1, 3], [8, 3, 3], [1, 24, 3, 1]] {
      let reshaped = try view.reshaped(to: shape)
      #expect(reshaped.storage === tensor.storage, "\(shape) needs no copy")
      #expect(reshaped.elements == view.elements, "\(shape)")
    }
    for shape in [[72], [4, 18], [6, 12], [3, 24]] {
      let reshaped = try view.reshaped(to: shape)
      #expect(reshaped.storage !== tensor.storage, "\(shape) can't be a view")
      #expect(reshaped.shape == shape)
      #expect(reshaped.elements == view.elements, "\(shape)")
      #expect(reshaped.isContiguous)
    }
  }

  @Test("reshaped of a transposed view copies; of a broadcast one it repeats")
  func reshapedCopy() throws {
    let tensor = try indexed(2, 3, 5)
    let transposed = try tensor.transposed(1, 2)  // [2, 5, 3]
    // The columns' rows do not follow each other: [2, 5] can't be joined, [5, 3] neither.
    for shape in [[10, 3], [2, 15], [3, 10]] {
      let copy = try transposed.reshaped(to: shape)
      #expect(copy.storage !== tensor.storage)
      #expect(copy.elements == transposed.elements)
    }
    let flat = try transposed.reshaped(to: [30])
    #expect(flat.storage !== tensor.storage)
    #expect(flat.elements == transposed.elements)
    let row = try Tensor<Int>([1, 2, 3], shape: [3]).broadcast(to: [4, 3])
    #expect(try row.reshaped(to: [2, 2, 3]).storage === row.storage)
    #expect(try row.reshaped(to: [2, 2, 3]).elements == row.elements)
    #expect(try row.reshaped(to: [12]).elements == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3])
    let all = try Tensor<Int>([9], shape: [1, 1]).broadcast(to: [2, 3])
    #expect(try all.reshaped(to: [6]).elements == [9, 9, 9, 9, 9, 9])
  }

  @Test("reshaped of scalars and empty tensors; wrong counts are errors")
  func reshapedEdges() throws {
    let scalar = try Tensor<Int>([7], shape: [])
    #expect(try scalar.reshaped(to: [1, 1]).elements == [7])
    #expect(try scalar.reshaped(to: [1, 1]).reshaped(to: [])[] == 7)
    let empty = try Tensor<Int>([], shape: [2, 0, 3])
    #expect(try empty.transposed(0, 1).reshaped(to: [0, 7]).shape == [0, 7])
    let tensor = try indexed(2, 3, 5)
    #expect(throws: TensorError.elementCount(shape: [7, 4], expected: 28, actual: 30)) {
      try tensor.reshaped(to: [7, 4])
    }
    #expect(throws: TensorError.negativeDimension(shape: [-5, -6])) { try tensor.reshaped(to: [-5, -6]) }
    #expect(throws: TensorError.tooManyElements(shape: [.max, 3])) { try tensor.reshaped(to: [.max, 3]) }
  }

  @Test("broadcast repeats axes of size 1 and missing leading axes")
  func broadcast() throws {
    let row = try Tensor<Int>([1, 2, 3], shape: [3])
    let rows = try row.broadcast(to: [2, 3])
    #expect(rows.strides == [0, 1])
    #expect(rows.storage === row.storage)
    #expect(rows.elements == [1, 2, 3, 1, 2, 3])
    let column = try Tensor<Int>([1, 2], shape: [2, 1]).broadcast(to: [2, 3])
    #expect(column.strides == [1, 0])
    #expect(column.elements == [1, 1, 1, 2, 2, 2])
    #expect(column[1, 2] == 2)
    #expect(try Tensor<Int>([5], shape: []).broadcast(to: [2, 2]).elements == [5, 5, 5, 5])
    #expect(try Tensor<Int>([5], shape: [1]).broadcast(to: [0]).elements == [])
    #expect(throws: TensorError.shape(operation: "broadcast", expected: [2, 4], actual: [3])) {
      try row.broadcast(to: [2, 4])
    }
    #expect(throws: TensorError.shape(operation: "broadcast", expected: [3], actual: [2, 3])) {
      try rows.broadcast(to: [3])
    }
    #expect(throws: TensorError.negativeDimension(shape: [-2, 3])) { try row.broadcast(to: [-2, 3]) }
    #expect(throws: TensorError.tooManyElements(shape: [.max, 3])) { try row.broadcast(to: [.max, 3]) }
  }

  @Test("splittingHeads: [B, L, H·D] at [b, l, h·D + d] is [B, H, L, D] at [b, h, l, d]")
  func splittingHeads() throws {
    let (batch, length, heads, size) = (2, 3, 5, 7)
    let packed = try Tensor<Int>(0..<(batch * length * heads * size), shape: [batch, length, heads * size])
    let split = try packed.splittingHeads(heads)
    #expect(split.shape == [batch, heads, length, size])
    #expect(split.storage === packed.storage)
    for b in 0..<batch {
      for h in 0..<heads {
        for l in 0..<length {
          for d in 0..<size { #expect(split[b, h, l, d] == packed[b, l, h * size + d]) }
        }
      }
    }
    let merged = try split.mergingHeads()
    #expect(merged.storage === packed.storage, "merging what was split is a view")
    #expect(merged.shape == packed.shape)
    #expect(merged == packed)
  }

  @Test("splittingHeads of a part of a packed projection, rank 2 and above")
  func splittingPart() throws {
    // Queries, keys and values side by side: [L, 3·H·D].
    let (length, heads, size) = (5, 3, 2)
    let width = heads * size
    let packed = try Tensor<Int>(0..<(length * 3 * width), shape: [length, 3 * width])
    let keys = try packed.sliced(axis: 1, width..<(2 * width)).splittingHeads(heads)
    #expect(keys.shape == [heads, length, size])
    #expect(keys.storage === packed.storage)
    #expect(keys[2, 4, 1] == packed[4, width + 2 * size + 1])
    let merged = try keys.mergingHeads()
    #expect(merged.storage === packed.storage)
    #expect(try merged == packed.sliced(axis: 1, width..<(2 * width)))
  }

  @Test("mergingHeads: contiguous [B, H, L, D] is copied into [B, L, H·D]")
  func mergingHeads() throws {
    let (batch, heads, length, size) = (2, 3, 5, 7)
    let tensor = try Tensor<Int>(0..<(batch * heads * length * size), shape: [batch, heads, length, size])
    let merged = try tensor.mergingHeads()
    #expect(merged.shape == [batch, length, heads * size])
    #expect(merged.storage !== tensor.storage)
    for b in 0..<batch {
      for h in 0..<heads {
        for l in 0..<length {
          for d in 0..<size { #expect(merged[b, l, h * size + d] == tensor[b, h, l, d]) }
        }
      }
    }
    #expect(try merged.splittingHeads(heads) == tensor)
    // One head, or one row: nothing to move.
    let single = try Tensor<Int>(0..<35, shape: [1, 5, 7])
    #expect(try single.mergingHeads().storage === single.storage)
    let row = try Tensor<Int>(0..<35, shape: [5, 1, 7])
    #expect(try row.mergingHeads().storage === row.storage)
    #expect(try row.mergingHeads().elements == row.elements)
  }

  @Test("Heads of nothing, and heads that do not divide")
  func headErrors() throws {
    let packed = try Tensor<Int>(0..<70, shape: [2, 35])
    #expect(throws: TensorError.division(axis: 1, size: 35, parts: 3)) { try packed.splittingHeads(3) }
    #expect(throws: TensorError.division(axis: 1, size: 35, parts: 0)) { try packed.splittingHeads(0) }
    #expect(throws: TensorError.division(axis: 1, size: 35, parts: -5)) { try packed.splittingHeads(-5) }
    #expect(throws: TensorError.rank(expected: "2 or more", actual: [70])) {
      try packed.reshaped(to: [70]).splittingHeads(5)
    }
    #expect(throws: TensorError.rank(expected: "3 or more", actual: [2, 35])) { try packed.mergingHeads() }
    let empty = try Tensor<Int>([], shape: [3, 0])
    #expect(try empty.splittingHeads(4).shape == [4, 3, 0])
    #expect(try empty.splittingHeads(4).mergingHeads().shape == [3, 0])
    #expect(throws: TensorError.tooManyElements(shape: [3, .max, 0])) { try empty.splittingHeads(.max) }
  }

  @Test(
    "Writing to a view does not change the tensor, nor the other way round",
    arguments: ["transposed", "permuted", "sliced", "selecting", "insertingAxis", "reshaped", "broadcast", "heads"])
  func viewsAreValues(kind: String) throws {
    let original = try Tensor<Int>(0..<24, shape: [2, 3, 4])
    func view(_ tensor: Tensor<Int>) throws -> Tensor<Int> {
      switch kind {
      case "transposed": try tensor.transposed(1, 2)
      case "permuted": try tensor.permuted([2, 1, 0])
      case "sliced": try tensor.sliced(axis: 2, 1..<3)
      case "selecting": try tensor.selecting(axis: 1, 2).insertingAxis(0)
      case "insertingAxis": try tensor.insertingAxis(1).selecting(axis: 0, 0)
      case "reshaped": try tensor.reshaped(to: [4, 3, 2])
      case "broadcast": try tensor.sliced(axis: 0, 0..<1).broadcast(to: [2, 3, 4])
      default: try tensor.splittingHeads(2).selecting(axis: 0, 0)
      }
    }
    var tensor = original
    var seen = try view(tensor)
    #expect(seen.storage === tensor.storage)
    let before = seen.elements
    seen[0, 0, 1] = 99
    #expect(tensor == original, "a write to the view reached the tensor")
    #expect(zip(seen.elements, before).filter { $0 != $1 }.map(\.0) == [99], "one element and no other changes")

    let other = try view(tensor)
    tensor[0, 0, 0] = -5
    tensor[0, 2, 1] = -6
    #expect(other.elements == before, "a write to the tensor reached the view")
  }
}
