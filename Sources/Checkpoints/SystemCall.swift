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

  static func isRegularFile(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }
}
