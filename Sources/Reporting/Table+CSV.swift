extension Table {
  /// Comma-separated values: a header line, then the rows, each line ended by CR LF.
  ///
  /// - seealso: RFC 4180, section 2.
  var csv: String {
    let titles = columns.map(\.title)
    return ([titles] + rows)
      .map { line in
        // A single empty field would be an empty line, which readers skip.
        let fields = line == [""] ? ["\"\""] : line.map(\.csvField)
        return fields.joined(separator: ",") + "\r\n"
      }
      .joined()
  }
}

extension String {
  /// The text as a field: in quotes if it holds a quote, a comma or a line break, with its quotes doubled.
  fileprivate var csvField: String {
    // Scalars, since CR LF is a single character that equals neither CR nor LF.
    let special: Set<Unicode.Scalar> = ["\"", ",", "\r", "\n"]
    guard unicodeScalars.contains(where: special.contains) else { return self }
    var field = String.UnicodeScalarView("\"".unicodeScalars)
    for scalar in unicodeScalars {
      field.append(scalar)
      if scalar == "\"" {
        field.append(scalar)
      }
    }
    field.append("\"")
    return String(field)
  }
}
