import Support
import Testing

@testable import Attention

@Suite struct PositionBucketsTests {
  /// Eight buckets up to distance 20, on both sides: 0 and 1 alone, then 2 … 6 (log(d / 2) / log(10) · 2 below 1), then the rest.
  @Test func byHand() {
    let both = PositionBuckets(count: 8, isBidirectional: true, maximumDistance: 20)
    let expected = [
      -21: 3, -20: 3, -7: 3, -6: 2, -2: 2, -1: 1, 0: 0, 1: 5, 2: 6, 6: 6, 7: 7, 19: 7, 20: 7, 1000: 7,
    ]
    for (distance, bucket) in expected { #expect(both.bucket(of: distance) == bucket, "\(distance)") }
    // Of the past: four alone, four up to 20; what comes after is distance 0.
    let past = PositionBuckets(count: 8, isBidirectional: false, maximumDistance: 20)
    #expect(
      [3, 1, 0, -1, -3, -4, -5, -6, -8, -9, -13, -14, -1 << 50].map { past.bucket(of: $0) }
        == [0, 0, 0, 1, 3, 4, 4, 5, 5, 6, 6, 7, 7])
  }

  @Test func everyGoldenCaseIsThere() {
    #expect(PositionGoldenCase.all("bucket").count == 9)
  }

  /// Each distance from −1200 to 1200 in the bucket of the transformers library's function.
  @Test(arguments: PositionGoldenCase.all("bucket")) func transformers(golden: PositionGoldenCase) throws {
    let expected = try GoldenFile("positions").tensor("\(golden.name)/buckets", as: Int16.self).elements
    let (count, furthest) = (try #require(golden.count), try #require(golden.furthest))
    let (first, isBidirectional) = (try #require(golden.firstDistance), try #require(golden.bidirectional as Bool?))
    let buckets = PositionBuckets(count: count, isBidirectional: isBidirectional, maximumDistance: furthest)
    try buckets.validate()
    let differing = expected.indices.filter { buckets.bucket(of: first + $0) != Int(expected[$0]) }.map { first + $0 }
    #expect(differing.isEmpty, "distances")
    #expect(expected.count == 2401)
  }
}
