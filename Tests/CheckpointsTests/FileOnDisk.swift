import Glibc

/// The bytes of a file with a header and data; `§` in the header marks a place and is not written.
struct FileBytesSample {
  let bytes: [UInt8]
  /// Where the mark stood, from the start of the file; 8 without a mark.
  let mark: Int

  init(header: String, data: [UInt8] = []) {
    let parts = header.utf8.split(separator: "§".utf8, maxSplits: 1, omittingEmptySubsequences: false)
    let json = Array(parts.joined())
    mark = 8 + (parts.count > 1 ? parts[0].count : 0)
    bytes = withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json + data
  }
}

/// A new folder, removed with its files when the holder lets go.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/checkpoints-tests-XXXXXX".utf8CString)
    let isMade = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { mkdtemp($0) != nil } ?? false
    }
    guard isMade else { throw SystemError(code: errno) }
    path = template.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } ?? "" }
  }

  deinit {
    for name in (try? names()) ?? [] { remove("\(path)/\(name)") }
    rmdir(path)
  }

  /// The names of everything in the folder, sorted.
  func names() throws -> [String] {
    guard let folder = opendir(path) else { throw SystemError(code: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Writes a file and gives its path.
  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let path = "\(path)/\(name)"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { throw SystemError(code: errno) }
    defer { close(descriptor) }
    guard write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemError(code: errno) }
    return path
  }

  static func bytes(of path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw SystemError(code: errno) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = read(descriptor, &bytes, bytes.count)
    guard count >= 0 else { throw SystemError(code: errno) }
    return Array(bytes.prefix(count))
  }
}

struct SystemError: Error {
  let code: Int32
}
