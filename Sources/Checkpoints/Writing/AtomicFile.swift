internal import Glibc

/// A file that appears under its name only when it is complete.
struct AtomicFile: ~Copyable {
  fileprivate let descriptor: Int32
  fileprivate let path: String

  /// Writes what `body` appends to a temporary file beside `path`, synchronises it and gives it the name.
  ///
  /// - Throws: ``CheckpointError/cannotWrite(path:step:reason:)``, ``CheckpointError/notARegularFile(path:)``, and what
  ///   `body` throws; then the temporary file is gone, and whatever stood at `path` is as it was.
  static func write(
    to path: String, _ body: (borrowing AtomicFile) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let (target, mode) = try resolve(path)
    let temporary = try Temporary(beside: target, for: path, mode: mode)
    do throws(CheckpointError) {
      defer { close(temporary.descriptor) }
      try body(AtomicFile(descriptor: temporary.descriptor, path: path))
      guard SystemCall.retrying({ fsync(temporary.descriptor) }) == 0 else {
        throw .cannotWrite(path: path, step: "synchronising", reason: SystemCall.lastError)
      }
      guard rename(temporary.path, target) == 0 else {
        throw .cannotWrite(path: path, step: "renaming", reason: SystemCall.lastError)
      }
    } catch {
      unlink(temporary.path)
      throw error
    }
    synchroniseFolder(of: target)
  }

  /// Appends all of the bytes.
  func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let written = SystemCall.retrying { Glibc.write(descriptor, part.baseAddress, part.count) }
      guard written > 0 else {
        let reason = written < 0 ? SystemCall.lastError : "nothing was written"
        throw .cannotWrite(path: path, step: "writing", reason: reason)
      }
      rest = rest.dropFirst(written)
    }
  }

  /// Where a symbolic link leads, and the permissions of the file that is there already.
  ///
  /// Renaming would put a regular file in a device's place (/dev/null, as root), so anything else is refused.
  private static func resolve(_ path: String) throws(CheckpointError) -> (target: String, mode: mode_t?) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      // Links that lead to each other: renaming would put the file in the first one's place.
      guard errno != ELOOP else {
        throw .cannotWrite(path: path, step: "resolving", reason: SystemCall.lastError)
      }
      return (linked(path), nil)
    }
    guard SystemCall.isRegularFile(status) else { throw .notARegularFile(path: path) }
    guard let resolved = realpath(path, nil) else {
      throw .cannotWrite(path: path, step: "resolving", reason: SystemCall.lastError)
    }
    defer { free(resolved) }
    return (String(cString: resolved), status.st_mode & 0o777)
  }

  /// The name at the end of a chain of symbolic links that leads to no file yet; `path` itself where it is no link.
  private static func linked(_ path: String) -> String {
    var name = path
    while let destination = SystemCall.destination(ofLink: name) {
      name = destination.hasPrefix("/") ? destination : Temporary.folder(of: name) + "/" + destination
    }
    return name
  }

  /// Makes the new name last through a power cut; where a file system can't, the file is complete all the same.
  private static func synchroniseFolder(of path: String) {
    let descriptor = SystemCall.retrying { open(Temporary.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }
}

/// A new file under a name that nobody uses.
private struct Temporary {
  let descriptor: Int32
  let path: String

  init(beside target: String, for path: String, mode: mode_t?) throws(CheckpointError) {
    let folder = Self.folder(of: target)
    while true {
      // Not derived from the target's name, which may be as long as a name can be.
      let name = ".safetensors-" + String(UInt64.random(in: 0 ... .max), radix: 36)
      let candidate = folder + "/" + name
      let descriptor = SystemCall.retrying { open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode ?? 0o666) }
      if descriptor < 0, errno == EEXIST { continue }
      guard descriptor >= 0 else {
        throw .cannotWrite(path: path, step: "creating a temporary file", reason: SystemCall.lastError)
      }
      // The process's mask applied to a mode that is an existing file's would take away from it.
      if let mode { fchmod(descriptor, mode) }
      self.descriptor = descriptor
      self.path = candidate
      return
    }
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
