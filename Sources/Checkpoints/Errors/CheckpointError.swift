public import Tensors

/// What is wrong with a safetensors file, with a request for a tensor of it, or with writing one.
///
/// Every `offset` counts bytes from the start of the file.
public enum CheckpointError: Error, Equatable, Sendable {
  // The file.

  /// The file could not be opened.
  case cannotOpen(path: String, reason: String)
  /// The file was opened but could not be read or mapped.
  case cannotRead(path: String, reason: String)
  /// The path leads to a folder, a device or a pipe.
  case notARegularFile(path: String)
  /// The file has no bytes.
  case emptyFile

  // The length of the header.

  /// The file is shorter than the 8 bytes of the header's length.
  case headerLengthIncomplete(expected: Int, actual: Int)
  /// The header is said to be longer than the format allows.
  case headerTooLong(limit: Int, actual: UInt64)
  /// The header is said to be longer than what is left of the file.
  case headerBeyondFile(length: Int, available: Int)

  // The header as JSON.

  /// The header is not UTF-8; the first byte at fault.
  case headerNotUTF8(offset: Int)
  /// The header does not begin with `{`; nil when it has no bytes.
  case headerStart(actual: UInt8?)
  /// The header is not JSON.
  case syntax(offset: Int, expected: String, actual: String)
  /// Arrays and objects within each other beyond the limit.
  case nestingTooDeep(offset: Int, limit: Int)
  /// Something other than padding spaces stands after the header's closing brace.
  case charactersAfterHeader(offset: Int, actual: UInt8)
  /// A key stands twice in one object.
  case duplicateKey(key: String, offset: Int)

  // The header's content.

  /// A value of another kind than the format has there.
  case wrongKind(key: String, expected: String, actual: String, offset: Int)
  /// An entry of `__metadata__` is not a string.
  case metadataNotString(key: String, actual: String, offset: Int)
  /// An entry lacks one of `dtype`, `shape`, `data_offsets`.
  case missingField(tensor: String, field: String, offset: Int)
  /// An entry's `dtype` is no type of the format.
  case unknownElementType(tensor: String, actual: String, offset: Int)
  /// A size or offset is below 0.
  case negativeNumber(tensor: String, field: String, actual: String, offset: Int)
  /// A size or offset has a fraction or an exponent.
  case notAnInteger(tensor: String, field: String, actual: String, offset: Int)
  /// A size or offset is above `limit`.
  case numberTooLarge(tensor: String, field: String, limit: Int, actual: String, offset: Int)
  /// `data_offsets` has not two numbers.
  case offsetCount(tensor: String, actual: Int, offset: Int)
  /// A shape's number of elements, or of bytes, does not fit `Int`.
  case tooManyElements(tensor: String, shape: [Int])
  /// Elements narrower than a byte that do not fill their last byte.
  case partialByte(tensor: String, shape: [Int], type: ElementType)
  /// `data_offsets` ends before it begins.
  case offsetsReversed(tensor: String, begin: Int, end: Int)
  /// `data_offsets` spans another number of bytes than shape and type take.
  case sizeMismatch(tensor: String, shape: [Int], type: ElementType, expected: Int, actual: Int)

  // The layout of the data.

  /// A tensor's data end behind the end of the file: the file is cut off. Both count from the start of the data.
  case dataBeyondFile(tensor: String, end: Int, available: Int)
  /// Bytes before a tensor's data belong to no tensor. Both count from the start of the data.
  case hole(tensor: String, expected: Int, actual: Int)
  /// A tensor's data begin within another's. Both count from the start of the data.
  case overlap(tensor: String, other: String, expected: Int, actual: Int)
  /// The file goes on after the last tensor's data.
  case bytesAfterData(expectedSize: Int, actualSize: Int)

  // Reading a tensor.

  /// The file has no tensor of that name; `similar` are names that it has, the most similar first.
  case missingTensor(name: String, similar: [String], count: Int)
  /// The tensor holds another type than was asked for.
  case wrongElementType(tensor: String, expected: String, actual: ElementType)
  /// The tensor's type is one of the format's, but no ``/Tensors/Tensor`` can hold it.
  case unreadableElementType(tensor: String, type: ElementType)
  /// A BOOL that is neither 0 nor 1.
  case notABoolean(tensor: String, index: Int, actual: UInt8, offset: Int)
  /// An integer outside the range of the type that was asked for.
  case integerOutOfRange(tensor: String, index: Int, actual: String, type: String)
  /// A tensor could not be made, mostly for lack of memory.
  case tensor(name: String, TensorError)

  // Writing.

  /// A tensor of this name was added before.
  case duplicateTensor(name: String)
  /// `__metadata__` can't name a tensor.
  case reservedName(name: String)
  /// The format has no type for elements of this Swift type.
  case noElementType(tensor: String, type: String)
  /// The data of all tensors together have more bytes than `Int` can count.
  case tooMuchData(tensor: String)
  /// A step of writing failed; a file that was there before is as it was.
  case cannotWrite(path: String, step: String, reason: String)
}
