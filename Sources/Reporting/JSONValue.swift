/// A JSON value whose objects keep their members in the order given, so that the same results are the same text.
///
/// Literals make values (`["case": "bert512", "speedup": nil]`); the initialisers take what is computed, with `nil` as null.
///
/// - seealso: RFC 8259.
package enum JSONValue: Equatable, Sendable {
  /// A key of an object and its value.
  package struct Member: Equatable, Sendable {
    package var key: String
    package var value: JSONValue

    package init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  case null
  case bool(Bool)
  case integer(Int)
  /// Written with as many digits as it takes to read the same value back. JSON has no NaN and no infinities: they become null.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])
}

extension JSONValue {
  package init(_ value: Bool?) {
    self = value.map(Self.bool) ?? .null
  }

  package init(_ value: Int?) {
    self = value.map(Self.integer) ?? .null
  }

  package init(_ value: Double?) {
    self = value.map(Self.number) ?? .null
  }

  package init(_ value: String?) {
    self = value.map(Self.string) ?? .null
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral
{
  package init(nilLiteral: ()) { self = .null }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  /// Makes an object of the members in the order written.
  ///
  /// - Precondition: No key occurs twice.
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    precondition(Set(elements.map(\.0)).count == elements.count, "a key occurs twice: \(elements.map(\.0))")
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}
