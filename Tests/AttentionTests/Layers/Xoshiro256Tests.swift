import Attention
import Testing

@Suite struct Xoshiro256Tests {
  /// From state 1, 2, 3, 4; the first three can be followed by hand: rotl(2·5, 7)·9, rotl(0·5, 7)·9 and
  /// rotl(262149·5, 7)·9. All ten are the test vector that implementations of the generator share.
  @Test func sequenceOfTheReference() {
    var generator = Xoshiro256(state: (1, 2, 3, 4))
    let numbers = (0..<10).map { _ in generator.next() }
    #expect(
      numbers == [
        11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360, 607_988_272_756_665_600,
        16_172_922_978_634_559_625, 8_476_171_486_693_032_832, 10_595_114_339_597_558_777, 2_904_607_092_377_533_576,
      ])
  }

  @Test func seedingOfTheReference() {
    var state: UInt64 = 1_234_567
    let numbers = (0..<5).map { _ in Xoshiro256.splitMix(&state) }
    #expect(
      numbers == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
  }

  @Test func seedDeterminesTheSequence() {
    func numbers(_ seed: UInt64) -> [UInt64] {
      var generator = Xoshiro256(seed: seed)
      return (0..<8).map { _ in generator.next() }
    }
    #expect(numbers(7) == numbers(7))
    #expect(Set(numbers(7)).isDisjoint(with: numbers(8)))
    #expect(Set(numbers(0)).count == 8)
  }
}
