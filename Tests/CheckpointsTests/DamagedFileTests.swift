import Checkpoints
import Tensors
import Testing

/// Whatever happens to a file's bytes, it opens as a valid file or throws: nothing stops the program, nothing is read
/// from outside the file.
@Suite struct DamagedFileTests {
  private static func sample() throws -> [UInt8] {
    var writer = SafetensorsWriter(metadata: ["note": "caf\u{E9} \"x\"\n"])
    try writer.add(Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [2, 3]), named: "w")
    try writer.add(Tensor<Bool>([true, false, true], shape: [3]), named: "m")
    try writer.add(Tensor<BFloat16>([BFloat16(1.5)], shape: []), named: "s")
    try writer.add(Tensor<Int64>([], shape: [0, 2]), named: "e")
    return try writer.bytes()
  }

  /// Opens a file and reads all of it; whether it opened.
  private func opens(_ bytes: [UInt8]) throws -> Bool {
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(bytes: bytes)
    } catch {
      #expect(!error.description.isEmpty)
      return false
    }
    var end = 0
    for entry in file.entries {
      #expect(entry.dataOffsets.lowerBound == end)
      end = entry.dataOffsets.upperBound
      #expect(entry.shape.reduce(entry.type.bitCount, *) == 8 * entry.dataOffsets.count)
      do {
        try read(entry, of: file)
      } catch CheckpointError.notABoolean, CheckpointError.unreadableElementType {
        // The two faults that an opened file may still have.
      }
    }
    #expect(bytes.count >= end)
    return true
  }

  private func read(_ entry: SafetensorsEntry, of file: SafetensorsFile) throws {
    let count = entry.shape.reduce(1, *)
    switch entry.type {
    case .bool: #expect(try file.tensor(entry.name, as: Bool.self).elements.count == count)
    case .float64, .float32, .float16, .bfloat16:
      #expect(try file.tensor(entry.name, convertedTo: Double.self).elements.count == count)
    case .uint64: #expect(try file.tensor(entry.name, as: UInt64.self).elements.count == count)
    default: #expect(try file.tensor(entry.name, convertedTo: Int64.self).elements.count == count)
    }
  }

  @Test func everyPrefixIsRefused() throws {
    let bytes = try Self.sample()
    #expect(try opens(bytes))
    for count in 0..<bytes.count {
      #expect(try !opens(Array(bytes[..<count])), "\(count) of \(bytes.count) bytes")
    }
  }

  @Test func everyExtensionIsRefused() throws {
    let bytes = try Self.sample()
    for count in 1...9 { #expect(try !opens(bytes + [UInt8](repeating: 0, count: count))) }
  }

  @Test func changedBytesOpenOrThrow() throws {
    let bytes = try Self.sample()
    let headerEnd = 8 + Int(bytes[0]) + 256 * Int(bytes[1])
    let replacements = (0..<8).map { UInt8(1 << $0) } + Array("\0 \"\\{}[],:09-.eE".utf8) + [0x80, 0xC3, 0xFF]
    var refused = 0
    var opened = 0
    for index in bytes.indices {
      for (position, replacement) in replacements.enumerated() {
        var damaged = bytes
        damaged[index] = position < 8 ? damaged[index] ^ replacement : replacement
        guard damaged[index] != bytes[index] else { continue }
        if try opens(damaged) {
          opened += 1
          // The length can't change, nor the first byte of the header.
          #expect(index > 8, "byte \(index) as \(damaged[index])")
        } else {
          refused += 1
          #expect(index < headerEnd, "data are not looked at when a file is opened; byte \(index)")
        }
      }
    }
    #expect(opened + refused > 5000)
    // Names, metadata, spaces and data may change; everything else is structure.
    #expect(refused > opened / 2, "\(refused) refused, \(opened) opened")
  }

  @Test func removedAndDoubledBytesOpenOrThrow() throws {
    let bytes = try Self.sample()
    let headerEnd = 8 + Int(bytes[0]) + 256 * Int(bytes[1])
    for index in 8..<headerEnd {
      var shorter = bytes
      shorter.remove(at: index)
      // Without its length corrected, a header takes a byte of the data: never valid.
      #expect(try !opens(shorter))
      var longer = bytes
      longer.insert(bytes[index], at: index)
      #expect(try !opens(longer))
    }
  }

  @Test func headersOfRandomTokensOpenOrThrow() throws {
    let tokens = [
      "{", "}", "[", "]", ",", ":", #""a""#, #""dtype""#, #""shape""#, #""data_offsets""#, #""F32""#,
      #""__metadata__""#,
      "0", "1", "-1", "9223372036854775807", "1e9", "null", "true", " ", "\\", "\"",
      #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#,
    ]
    var state: UInt64 = 20_240_607
    var refused = 0
    for _ in 0..<4000 {
      var header = "{"
      for _ in 0..<(state >> 60) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        header += tokens[Int(state >> 33) % tokens.count]
      }
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      if try !opens(FileBytesSample(header: header + "}", data: [UInt8](repeating: 1, count: Int(state >> 63))).bytes) {
        refused += 1
      }
    }
    #expect(refused > 3000)
  }
}
