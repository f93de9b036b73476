import AllocationCounter
import Support
import Testing

@testable import Attention

/// A layer that rotates what lies in its workspace allocates nothing for it.
@Suite(.enabled("allocations can be counted", { allocation_counter_is_available() }))
struct RotaryAllocationTests {
  @Test func rotatingInPlace() async {
    await #expect(processExitsWith: .success) {
      var isOptimized = true
      assert(
        {
          isOptimized = false
          return true
        }())
      var random = SeededGenerator(seed: 61)
      let memory: Tensor<Float> = try random.normal([2, 31, 3 * 6 * 34])
      let matrices = MutableHeadMatrices(
        base: memory.storage.base, strides: .headsJoined(heads: 6, rows: 31, headSize: 34, rowSize: 3 * 6 * 34))
      let given = RowPositions.given(try Tensor((0..<62).map { $0 * 7 }, shape: [2, 31]))
      for pairing in [RotaryPairing.halves, .interleaved] {
        // Half of the positions are in the tables.
        let rotary = try RotaryPositions<Float>(rotarySize: 34, pairing: pairing, precomputed: 200)
        for positions in [RowPositions.offset(180), .offsets([0, 190]), given] {
          var least = (all: UInt.max, large: UInt.max)
          for _ in 0..<4 where least.all > 0 {
            let before = (all: allocation_counter_current(), large: allocation_counter_large())
            try rotary.check(positions, batch: 2, rows: 31, headSize: 34)
            try rotary.rotate(matrices, batch: 2, heads: 6, rows: 31, headSize: 34, at: positions, workers: 1)
            least.all = min(least.all, allocation_counter_current() - before.all)
            least.large = min(least.large, allocation_counter_large() - before.large)
          }
          #expect(least.large == 0, "\(pairing), \(positions): more than 512 bytes at once")
          if isOptimized { #expect(least.all == 0, "\(pairing), \(positions)") }
        }
      }
      #expect(memory.elements.contains { $0 != 0 })
    }
  }
}
