internal import Glibc

#if _endian(big)
  #error("safetensors is little-endian; elements are used as they lie in the file")
#endif

/// The bytes of a file: mapped, or held in memory. They stay in place until the last holder lets go.
///
/// Sendable: the bytes are never written.
final class FileBytes: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// Maps a file.
  ///
  /// - Throws: ``CheckpointError/cannotOpen(path:reason:)``, ``CheckpointError/notARegularFile(path:)``,
  ///   ``CheckpointError/emptyFile``, ``CheckpointError/cannotRead(path:reason:)``.
  init(mapping path: String) throws(CheckpointError) {
    // Not blocking: opening a pipe that nobody writes would wait for ever.
    let descriptor = SystemCall.retrying { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: SystemCall.lastError) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .cannotRead(path: path, reason: SystemCall.lastError) }
    guard SystemCall.isRegularFile(status) else { throw .notARegularFile(path: path) }
    // A mapping of no bytes is an error of its own to the system.
    guard status.st_size > 0 else { throw .emptyFile }
    let size = Int(status.st_size)
    guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw .cannotRead(path: path, reason: SystemCall.lastError)
    }
    bytes = UnsafeRawBufferPointer(start: start, count: size)
    isMapped = true
  }

  /// Holds a copy, aligned as the start of a mapping would be for every element type.
  init(copying source: [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 64)
    memory.copyBytes(from: source)
    bytes = UnsafeRawBufferPointer(memory)
    isMapped = false
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    } else {
      bytes.deallocate()
    }
  }
}
