import Glibc
import Tensors
import Testing

@testable import Checkpoints

@Suite struct AtomicFileTests {
  private func writer(_ value: Float) throws -> SafetensorsWriter {
    var writer = SafetensorsWriter()
    try writer.add(Tensor<Float>([value], shape: [1]), named: "a")
    return writer
  }

  private func value(at path: String) throws -> Float {
    try SafetensorsFile(contentsOf: path).tensor("a", as: Float.self).item()
  }

  @Test func replacesAFile() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.safetensors"
    try writer(1).write(to: path)
    #expect(try value(at: path) == 1)
    try writer(2).write(to: path)
    #expect(try value(at: path) == 2)
    #expect(try folder.names() == ["a.safetensors"])
    #expect(try TemporaryFolder.bytes(of: path) == writer(2).bytes())
  }

  @Test func leavesNothingInAFolderThatIsNotThere() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/missing/a.safetensors"
    #expect(
      throws: CheckpointError.cannotWrite(
        path: path, step: "creating a temporary file", reason: "No such file or directory")
    ) { try writer(1).write(to: path) }
    #expect(try folder.names().isEmpty)
  }

  @Test func keepsTheOldFileWhenWritingFails() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.safetensors"
    try writer(1).write(to: path)
    let before = try TemporaryFolder.bytes(of: path)
    let failure = CheckpointError.cannotWrite(path: path, step: "writing", reason: "No space left on device")
    #expect(throws: failure) {
      try AtomicFile.write(to: path) { (file: borrowing AtomicFile) throws(CheckpointError) in
        let half: [UInt8] = [1, 2, 3]
        try half.span.bytes.withUnsafeBytes { (data: UnsafeRawBufferPointer) throws(CheckpointError) in
          try file.append(data)
        }
        throw failure
      }
    }
    #expect(try TemporaryFolder.bytes(of: path) == before)
    #expect(try folder.names() == ["a.safetensors"])
  }

  @Test func keepsTheOldFileWhenATensorCannotBeCopied() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.safetensors"
    try writer(1).write(to: path)
    var tooLarge = try writer(2)
    let shape = [1 << 29, 1 << 29]
    try tooLarge.add(Tensor<UInt8>([1], shape: [1, 1]).broadcast(to: shape), named: "b")
    #expect(throws: CheckpointError.tensor(name: "b", .outOfMemory(bytes: 1 << 58))) { try tooLarge.write(to: path) }
    #expect(try value(at: path) == 1)
    #expect(try folder.names() == ["a.safetensors"])
  }

  @Test func refusesToTakeThePlaceOfAFolderOrDevice() throws {
    let folder = try TemporaryFolder()
    #expect(throws: CheckpointError.notARegularFile(path: folder.path)) { try writer(1).write(to: folder.path) }
    #expect(throws: CheckpointError.notARegularFile(path: "/dev/null")) { try writer(1).write(to: "/dev/null") }
    #expect(try folder.names().isEmpty)
  }

  @Test func keepsPermissionsAndLinks() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.safetensors"
    let link = "\(folder.path)/link"
    try writer(1).write(to: path)
    #expect(chmod(path, 0o640) == 0)
    #expect(symlink("a.safetensors", link) == 0)
    try writer(2).write(to: link)
    #expect(try value(at: path) == 2)
    var status = stat()
    #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
    #expect(try folder.names() == ["a.safetensors", "link"])
  }

  /// Links to where no file is yet: relative to their own folders, one after the other.
  @Test func followsLinksThatDangle() throws {
    let folder = try TemporaryFolder()
    #expect(mkdir("\(folder.path)/inner", 0o755) == 0)
    let outer = "\(folder.path)/outer"
    #expect(symlink("inner/link", outer) == 0)
    #expect(symlink("a.safetensors", "\(folder.path)/inner/link") == 0)
    try writer(1).write(to: outer)
    #expect(try value(at: "\(folder.path)/inner/a.safetensors") == 1)
    var status = stat()
    for link in ["outer", "inner/link"] {
      #expect(lstat("\(folder.path)/\(link)", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK, "\(link)")
    }
    // Absolute, as well.
    #expect(symlink("\(folder.path)/b.safetensors", "\(folder.path)/absolute") == 0)
    try writer(2).write(to: "\(folder.path)/absolute")
    #expect(try value(at: "\(folder.path)/b.safetensors") == 2)
    #expect(try folder.names() == ["absolute", "b.safetensors", "inner", "outer"])
  }

  @Test func refusesLinksThatLeadNowhere() throws {
    let folder = try TemporaryFolder()
    let (link, loop) = ("\(folder.path)/link", "\(folder.path)/loop")
    #expect(symlink("missing/a.safetensors", link) == 0)
    #expect(
      throws: CheckpointError.cannotWrite(
        path: link, step: "creating a temporary file", reason: "No such file or directory")
    ) { try writer(1).write(to: link) }
    #expect(symlink("loop", loop) == 0)
    #expect(
      throws: CheckpointError.cannotWrite(
        path: loop, step: "resolving", reason: "Too many levels of symbolic links")
    ) { try writer(1).write(to: loop) }
    #expect(try folder.names() == ["link", "loop"])
  }

  @Test func writesNamesOfAnyLength() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/" + String(repeating: "n", count: 255)
    try writer(3).write(to: path)
    #expect(try value(at: path) == 3)
  }
}
