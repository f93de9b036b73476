internal import Tensors

/// What a block does with the values of its keys, once its scores have become weights.
extension ScoreBlock {
  /// Calls `body` for each piece of the block's values: its first column in the block, and where its rows are.
  private func forEachSegment(
    _ problem: borrowing AttentionProblem<Scalar>,
    _ body: (_ column: Int, _ values: KeyValueRows<Scalar>.Segment) -> Void
  ) {
    var start = keys.lowerBound
    while start < keys.upperBound {
      let segment = problem.values.segment(
        batch: batch, head: problem.keyValueHead(heads.lowerBound), rows: start..<keys.upperBound, scratch: conversion)
      body(start - keys.lowerBound, segment)
      start = segment.rows.upperBound
    }
  }

  /// target = β·target + P·V. With no keys, β·target.
  func multiplyValues(
    _ problem: borrowing AttentionProblem<Scalar>, addingTo target: UnsafeMutablePointer<Scalar>, ldTarget: Int,
    factor: Scalar
  ) {
    let product = Scalar.arithmetic.product
    let size = problem.shape.valueHeadSize
    var factor = factor
    if keys.isEmpty { product(false, false, rows, size, 0, 1, base, ld, base, max(size, 1), factor, target, ldTarget) }
    forEachSegment(problem) { column, values in
      product(
        false, false, rows, size, values.rows.count, 1, base + column, ld, values.base, values.leadingDimension, factor,
        target, ldTarget)
      factor = 1
    }
  }

  /// Whether the values of the block's keys hold neither NaN nor infinities.
  func valuesAreFinite(_ problem: borrowing AttentionProblem<Scalar>) -> Bool {
    let allFinite = Scalar.arithmetic.kernels.allFinite
    var result = true
    forEachSegment(problem) { _, values in
      result =
        result && allFinite(values.base, values.rows.count, problem.shape.valueHeadSize, values.leadingDimension)
    }
    return result
  }

  /// target += P·V over attended places only, row by row: for values that are not finite at a masked place, where a matrix
  /// product would turn 0·NaN into NaN.
  func addAttendedValues(
    _ problem: borrowing AttentionProblem<Scalar>, _ restriction: MaskRestriction,
    to target: UnsafeMutablePointer<Scalar>, ldTarget: Int
  ) {
    let axpy = Scalar.arithmetic.kernels.axpy
    forEachSegment(problem) { first, values in
      forEachRun(problem.mask, restriction, softcap: 0) { firstRow, count, rules in
        for row in 0..<count {
          let (weights, sum) = (base + (firstRow + row) * ld + first, target + (firstRow + row) * ldTarget)
          for index in 0..<values.rows.count where rules.attends(row: row, column: first + index) {
            axpy(weights[index], values.base + index * values.leadingDimension, sum, problem.shape.valueHeadSize)
          }
        }
      }
    }
  }
}
