extension CheckpointError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cannotOpen(let path, let reason):
      "can't open \(quoted(path)): \(reason)"
    case .cannotRead(let path, let reason):
      "can't read \(quoted(path)): \(reason)"
    case .notARegularFile(let path):
      "\(quoted(path)) is not a regular file"
    case .emptyFile:
      "the file is empty; a safetensors file begins with the 8 bytes of its header's length"
    case .headerLengthIncomplete(let expected, let actual):
      "the file has \(actual) bytes; the header's length alone takes \(expected)"
    case .headerTooLong(let limit, let actual):
      "the header is said to have \(actual) bytes, at most \(limit) are allowed"
    case .headerBeyondFile(let length, let available):
      "the header is said to have \(length) bytes, \(available) are left in the file"
    case .headerNotUTF8(let offset):
      "the header is not UTF-8 at byte \(offset)"
    case .headerStart(.none):
      "the header has no bytes, expected '{' at byte 8"
    case .headerStart(.some(let actual)):
      "the header begins with \(named(actual)) at byte 8, expected '{'"
    case .syntax(let offset, let expected, let actual):
      "the header is not JSON at byte \(offset): expected \(expected), got \(actual)"
    case .nestingTooDeep(let offset, let limit):
      "the header nests deeper than \(limit) at byte \(offset)"
    case .charactersAfterHeader(let offset, let actual):
      "\(named(actual)) at byte \(offset) after the header's end, expected spaces only"
    case .duplicateKey(let key, let offset):
      "the key \(quoted(key)) stands twice in one object, again at byte \(offset)"
    case .wrongKind(let key, let expected, let actual, let offset):
      "\(quoted(key)) is \(actual) at byte \(offset), expected \(expected)"
    case .metadataNotString(let key, let actual, let offset):
      "the metadata entry \(quoted(key)) is \(actual) at byte \(offset), expected a string"
    case .missingField(let tensor, let field, let offset):
      "tensor \(quoted(tensor)) at byte \(offset) has no \(quoted(field))"
    case .unknownElementType(let tensor, let actual, let offset):
      "tensor \(quoted(tensor)) has the unknown type \(quoted(actual)) at byte \(offset)"
    case .negativeNumber(let tensor, let field, let actual, let offset):
      "tensor \(quoted(tensor)): \(field) has \(actual) at byte \(offset), expected 0 or above"
    case .notAnInteger(let tensor, let field, let actual, let offset):
      "tensor \(quoted(tensor)): \(field) has \(actual) at byte \(offset), expected an integer"
    case .numberTooLarge(let tensor, let field, let limit, let actual, let offset):
      "tensor \(quoted(tensor)): \(field) has \(actual) at byte \(offset), expected at most \(limit)"
    case .offsetCount(let tensor, let actual, let offset):
      "tensor \(quoted(tensor)): data_offsets has \(actual) numbers at byte \(offset), expected 2"
    case .tooManyElements(let tensor, let shape):
      "tensor \(quoted(tensor)) of shape \(shape) has more elements than can be addressed"
    case .partialByte(let tensor, let shape, let type):
      "tensor \(quoted(tensor)) of type \(type) and shape \(shape) does not fill its last byte"
    case .offsetsReversed(let tensor, let begin, let end):
      "tensor \(quoted(tensor)): data_offsets begin at \(begin) and end before it, at \(end)"
    case .sizeMismatch(let tensor, let shape, let type, let expected, let actual):
      "tensor \(quoted(tensor)) of type \(type) and shape \(shape) takes \(expected) bytes, data_offsets span \(actual)"
    case .dataBeyondFile(let tensor, let end, let available):
      "tensor \(quoted(tensor)) ends at byte \(end) of the data, the file has \(available): it is cut off"
    case .hole(let tensor, let expected, let actual):
      "tensor \(quoted(tensor)) begins at byte \(actual) of the data, expected \(expected): the bytes between are no tensor's"
    case .overlap(let tensor, let other, let expected, let actual):
      "tensor \(quoted(tensor)) begins at byte \(actual) of the data, within tensor \(quoted(other)); expected \(expected)"
    case .bytesAfterData(let expectedSize, let actualSize):
      "the tensors end at byte \(expectedSize), the file has \(actualSize)"
    case .missingTensor(let name, let similar, let count):
      if count == 0 {
        "no tensor \(quoted(name)); the file has no tensors"
      } else {
        "no tensor \(quoted(name)); the file has \(similar.map(quoted).joined(separator: ", "))"
          + (similar.count < count ? " and \(count - similar.count) others" : "")
      }
    case .wrongElementType(let tensor, let expected, let actual):
      "tensor \(quoted(tensor)) has type \(actual), expected \(expected)"
    case .unreadableElementType(let tensor, let type):
      "tensor \(quoted(tensor)) has type \(type), which can't be read as a tensor"
    case .notABoolean(let tensor, let index, let actual, let offset):
      "tensor \(quoted(tensor)) of type BOOL has \(actual) as element \(index), byte \(offset), expected 0 or 1"
    case .integerOutOfRange(let tensor, let index, let actual, let type):
      "tensor \(quoted(tensor)) has \(actual) as element \(index), which \(type) can't hold"
    case .tensor(let name, let error):
      "tensor \(quoted(name)): \(error)"
    case .duplicateTensor(let name):
      "a tensor \(quoted(name)) is there already"
    case .reservedName(let name):
      "\(quoted(name)) is reserved and can't name a tensor"
    case .noElementType(let tensor, let type):
      "tensor \(quoted(tensor)) has elements of type \(type), which safetensors does not have"
    case .tooMuchData(let tensor):
      "with tensor \(quoted(tensor)) the data have more bytes than can be addressed"
    case .cannotWrite(let path, let step, let reason):
      "can't write \(quoted(path)): \(step): \(reason)"
    }
  }

  /// Names come from files: control characters are escaped, and what is too long for a line is cut.
  private func quoted(_ name: String) -> String {
    let limit = 120
    let head = name.unicodeScalars.prefix(limit + 1)
    guard head.count > limit else { return name.debugDescription }
    var short = String.UnicodeScalarView()
    short.append(contentsOf: head.dropLast())
    return String(short).debugDescription + "…"
  }

  private func named(_ byte: UInt8) -> String { JSONReader.name(of: byte) }
}
