extension JSONValue: CustomStringConvertible {
  /// The value on one line, without spaces.
  package var description: String {
    var text = ""
    write(to: &text, indentation: nil, depth: 0)
    return text
  }

  /// The value with a line for each element and member, indented by `indentation` spaces a level; no line break at the end.
  package func indented(by indentation: Int = 2) -> String {
    var text = ""
    write(to: &text, indentation: indentation, depth: 0)
    return text
  }

  private func write(to text: inout String, indentation: Int?, depth: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? value.description : "null"
    case .string(let value): Self.write(value, to: &text)
    case .array(let elements):
      Self.write(elements, between: "[", and: "]", to: &text, indentation: indentation, depth: depth) { element, text in
        element.write(to: &text, indentation: indentation, depth: depth + 1)
      }
    case .object(let members):
      Self.write(members, between: "{", and: "}", to: &text, indentation: indentation, depth: depth) { member, text in
        Self.write(member.key, to: &text)
        text += indentation == nil ? ":" : ": "
        member.value.write(to: &text, indentation: indentation, depth: depth + 1)
      }
    }
  }

  private static func write<Item>(
    _ items: [Item], between open: String, and close: String, to text: inout String, indentation: Int?, depth: Int,
    item writeItem: (Item, inout String) -> Void
  ) {
    func breakLine(depth: Int) {
      guard let indentation else { return }
      text += "\n" + String(repeating: " ", count: indentation * depth)
    }
    text += open
    for (index, item) in items.enumerated() {
      text += index == 0 ? "" : ","
      breakLine(depth: depth + 1)
      writeItem(item, &text)
    }
    if !items.isEmpty {
      breakLine(depth: depth)
    }
    text += close
  }

  /// Escapes what RFC 8259, section 7 requires: the quote, the backslash and the control characters below U+0020.
  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\0"..<" ":
        let hexadecimal = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
