import Tensors
import Testing

@Suite struct TensorStorageTests {
  @Test("Memory starts at a multiple of 64 bytes", arguments: [0, 1, 3, 17, 1009])
  func alignment(count: Int) throws {
    let bytes = try TensorStorage<UInt8>(uninitializedCount: count)
    let doubles = try TensorStorage<Double>(uninitializedCount: count)
    #expect(UInt(bitPattern: bytes.base) % 64 == 0)
    #expect(UInt(bitPattern: doubles.base) % 64 == 0)
    #expect(bytes.count == count)
    #expect(bytes.isWritable)
  }

  @Test("Memory that the system does not have is an error, not a trap")
  func outOfMemory() {
    #expect(throws: TensorError.outOfMemory(bytes: 1 << 60)) {
      try TensorStorage<Double>(uninitializedCount: 1 << 57)
    }
    #expect(throws: TensorError.outOfMemory(bytes: 1 << 60)) { try Tensor<Double>(zeros: [1 << 50, 1 << 7]) }
  }

  @Test("A size in bytes beyond Int is an error", arguments: [Int.max, Int.max / 8, Int.max / 8 - 7])
  func tooManyBytes(count: Int) {
    #expect(throws: TensorError.tooManyElements(shape: [count])) {
      try TensorStorage<Double>(uninitializedCount: count)
    }
  }

  @Test("A negative count is an error")
  func negative() {
    #expect(throws: TensorError.negativeDimension(shape: [-1])) { try TensorStorage<Float>(uninitializedCount: -1) }
  }

  /// Says when it goes.
  private final class Owner: Sendable {
    let memory: TensorStorage<Float>
    init() throws {
      memory = try TensorStorage(uninitializedCount: 3)
      memory.base.initialize(repeating: 7, count: 3)
    }
  }

  @Test("Somebody else's memory is kept alive, read in place and copied before a write")
  func borrowed() throws {
    var owner: Owner? = try Owner()
    weak let watched = owner
    var tensor: Tensor<Float>?
    if let owner {
      let storage = TensorStorage<Float>(readOnly: owner.memory.base, count: 3, owner: owner)
      #expect(!storage.isWritable)
      tensor = Tensor(storage: storage, layout: try TensorLayout(contiguous: [3]))
    }
    owner = nil
    #expect(watched != nil, "the tensor keeps the owner")
    let original = try #require(watched).memory
    tensor?[1] = 2
    #expect(tensor?.elements == [7, 2, 7])
    #expect(original.base[1] == 7, "read-only memory was written")
    #expect(watched == nil, "the copy has no more need of the owner")
  }
}
