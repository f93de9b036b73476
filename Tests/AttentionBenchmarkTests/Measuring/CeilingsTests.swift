import Attention
import CRoofline
import Testing

@testable import AttentionBenchmark

@Suite struct CeilingsTests {
  /// Names of the sets that this machine may have.
  static let sets: [String] = ["plain", "AVX2", "AVX-512", "NEON"].filter { (name: String) in
    roofline_named(name) != nil
  }

  @Test func thePackagesOwnSetIsKnown() {
    #expect(Self.sets.contains(BLASConfiguration.current.kernelSet))
    #expect(Self.sets.contains("plain"))
    #expect(roofline_named("AVX-1024") == nil)
    #expect(PeakRate(threads: 1, set: "AVX-1024") == nil)
  }

  /// x = x/2 + 1 three times from i + 1: (i + 1)/8 + 7/4, in each lane of chain i.
  @Test(arguments: sets) func multipliesAndAdds(set: String) throws {
    let loops = try #require(roofline_named(set)?.pointee)
    #expect(String(cString: loops.name) == set)
    let lanes = ["plain": 4, "AVX2": 8, "AVX-512": 16, "NEON": 4][set] ?? 0
    let chains = loops.operations / 2 / lanes
    #expect(chains >= 8 && loops.operations == 2 * lanes * chains)
    let starts = lanes * chains * (chains + 1) / 2
    let expected: Float = Float(starts) / 8 + 1.75 * Float(lanes * chains)
    #expect(loops.multiply_adds(3, 0.5, 1) == expected)
    #expect(loops.multiply_adds(0, 0.5, 1) == Float(starts))
  }

  /// Every number once, at every remainder of a block.
  @Test(arguments: sets, [0, 1024]) func readsEveryNumberOnce(set: String, distance: Int) throws {
    let loops = try #require(roofline_named(set)?.pointee)
    for count in [0, 1, 31, 127, 128, 129, 293] {
      // Small whole numbers, whose sums are exact; misaligned by one.
      let numbers = (0..<(2 * count + 1)).map { Float($0 % 97) }
      let sum = numbers.withUnsafeBufferPointer { numbers in
        numbers.baseAddress.map { loops.read($0 + 1, $0 + 1 + count, count, distance) }
      }
      #expect(sum == numbers.dropFirst().reduce(0, +), "\(count)")
    }
  }

  @Test(arguments: [1, 2, 3], [1, 16, 17, 1009]) func partsCoverEverything(threads: Int, count: Int) throws {
    let keys = try Tensor((0..<count).map { Float($0 % 89) }, shape: [count])
    let values = try Tensor((0..<count).map { Float($0 % 7) }, shape: [count])
    let rate = try #require(ReadRate(threads: threads, keys: keys, values: values))
    #expect(rate.bytes == 8 * count)
    for distance in ReadRate.distances {
      #expect(rate.read(distance: distance) == (keys.elements + values.elements).reduce(0, +))
    }
  }

  @Test func readsKeysAndValuesOfOneSizeOnly() throws {
    #expect(try ReadRate(threads: 1, keys: Tensor(zeros: [3]), values: Tensor(zeros: [5])) == nil)
  }

  @Test func ratesHaveSamples() throws {
    var peak = try #require(PeakRate(threads: 2))
    peak.sample(isWarmUp: true)
    #expect(peak.gigaflops == nil)
    peak.sample()
    #expect(try #require(peak.gigaflops) > 0)
    var read = try #require(ReadRate(threads: 2, keys: Tensor(zeros: [999]), values: Tensor(zeros: [999])))
    #expect(read.gigabytes == nil)
    read.sample()
    #expect(try #require(read.gigabytes) > 0)
  }

  @Test func onlyWhatIsWantedIsMeasured() throws {
    let workload = try AttentionWorkload(AttentionCase(parsing: "1,2,1,3,5,7"), seed: 1)
    func ceilings(_ companions: CaseRunner.Companions) throws -> [Bool] {
      var runner = CaseRunner()
      (runner.companions, runner.productSize) = (companions, 7)
      var ceilings = try Ceilings(for: workload, runner, threads: [1, 2])
      try ceilings.warmUp()
      try ceilings.sample()
      #expect(ceilings.peak(threads: 3) == nil)
      return [ceilings.product(threads: 2), ceilings.peak(threads: 1), ceilings.read(threads: 2)].map { $0 != nil }
    }
    #expect(try ceilings(.all) == [true, true, true])
    #expect(try ceilings([.naive, .stages]) == [false, false, false])
    #expect(try ceilings(.product) == [true, false, false])
    #expect(try ceilings(.roofline) == [false, true, true])
  }
}
