internal import Glibc

/// What every call to the system needs.
enum SystemCall {
  /// The text of `errno`.
  static var lastError: String {
    let code = errno
    let capacity = 256
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
      guard let start = buffer.baseAddress, strerror_r(code, start, capacity) == 0 else { return "error \(code)" }
      return String(cString: start)
    }
  }

  /// Repeats a call while a signal interrupts it.
  static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
      let result = call()
      if result != -1 || errno != EINTR { return result }
    }
  }

  /// Where a symbolic link points, as it says so; nil for what is no link.
  static func destination(ofLink path: String) -> String? {
    let capacity = Int(PATH_MAX)
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlink(path, start, capacity)
      return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }
  }

  static func isRegularFile(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }
}
