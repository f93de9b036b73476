import Glibc

/// The libraries that an executable names as needed (64-bit, little-endian ELF), read from its dynamic section.
///
/// - SeeAlso: System V Application Binary Interface, chapters 4 (object files) and 5 (dynamic linking).
struct ELFFile {
  enum Fault: Error, Equatable {
    case unreadable(path: String, code: Int32)
    case notELF(path: String)
    case truncated(path: String, offset: UInt64)
    case noDynamicSection(path: String)
  }

  let neededLibraries: [String]

  init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Fault.unreadable(path: path, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Fault.unreadable(path: path, code: errno) }
    let size = Int(status.st_size)
    guard size >= 64, let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED else {
      throw Fault.notELF(path: path)
    }
    defer { munmap(memory, size) }
    let bytes = UnsafeRawBufferPointer(start: memory, count: size)

    func load<Number: FixedWidthInteger>(_ type: Number.Type, at offset: UInt64) throws -> Number {
      let width = MemoryLayout<Number>.size
      guard let start = Int(exactly: offset), start <= size - width else {
        throw Fault.truncated(path: path, offset: offset)
      }
      return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: type))
    }

    // Magic number, class 2 (64 bits), encoding 1 (little-endian).
    guard bytes.prefix(6).elementsEqual([0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { throw Fault.notELF(path: path) }
    let sections = try load(UInt64.self, at: 40)
    let (entrySize, count) = (try load(UInt16.self, at: 58), try load(UInt16.self, at: 60))
    func section(_ index: Int) -> UInt64 { sections &+ UInt64(index) &* UInt64(entrySize) }

    let dynamicType: UInt32 = 6
    guard let dynamic = try (0..<Int(count)).first(where: { try load(UInt32.self, at: section($0) + 4) == dynamicType })
    else { throw Fault.noDynamicSection(path: path) }
    let start = try load(UInt64.self, at: section(dynamic) + 24)
    let length = try load(UInt64.self, at: section(dynamic) + 32)
    let strings = try load(UInt64.self, at: section(Int(try load(UInt32.self, at: section(dynamic) + 40))) + 24)

    var names: [String] = []
    let neededTag: UInt64 = 1
    for entry in stride(from: start, to: start &+ length, by: 16) where try load(UInt64.self, at: entry) == neededTag {
      var place = strings &+ (try load(UInt64.self, at: entry + 8))
      var name: [UInt8] = []
      while case let byte = try load(UInt8.self, at: place), byte != 0 {
        name.append(byte)
        place += 1
      }
      names.append(String(decoding: name, as: UTF8.self))
    }
    neededLibraries = names
  }
}
