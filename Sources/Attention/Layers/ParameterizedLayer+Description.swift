internal import Tensors

extension ParameterizedLayer {
  /// A table in plain text: each parameter's name, shape, element type and count, and the count of all.
  ///
  /// ```swift
  /// print(try MultiHeadAttention<Float>(embeddingSize: 4, headCount: 2, seed: 1).describe())
  /// ```
  public func describe() -> String {
    let rows = parameters.map { [$0.name, "\($0.tensor.shape)", "\(Scalar.self)", "\($0.tensor.count)"] }
    let titles = ["name", "shape", "type", "count"]
    let total = ["total", "", "", "\(parameterCount)"]
    let widths = titles.indices.map { column in
      ([titles, total] + rows).map { $0[column].count }.max() ?? 0
    }
    let rule = widths.map { String(repeating: "-", count: $0) }
    return ([titles, rule] + rows + [rule, total]).map { cells in
      zip(cells, widths).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        // Numbers end in one column.
        return column == 3 ? padding + cell.0 : cell.0 + padding
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
