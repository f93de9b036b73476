import Testing

@testable import AttentionBenchmark

@Suite struct AttentionCaseParsingTests {
  @Test func fieldsInOrder() throws {
    let problem = try AttentionCase(parsing: "2,6,3,5,7,11")
    #expect(
      problem
        == AttentionCase("2,6,3,5,7,11", batch: 2, heads: 6, keyValueHeads: 3, queries: 5, keys: 7, headSize: 11))
    #expect(!problem.isCausal)
  }

  @Test func causal() throws {
    let problem = try AttentionCase(parsing: "2,6,3,5,7,11,causal")
    #expect(problem.isCausal)
    #expect(problem.name == "2,6,3,5,7,11,causal")
    #expect(problem.headSize == 11)
  }

  @Test(arguments: [
    ("", "B,H,G,L,S,D"),
    ("1,2,3", "B,H,G,L,S,D"),
    ("1,12,12,512,512,64,full", "B,H,G,L,S,D"),
    ("1,12,12,512,512,64,causal,causal", "B,H,G,L,S,D"),
    ("1,12,12,512,512,x", "from 1 to 2147483647, not 'x'"),
    ("1,12,12,512,512,", "not ''"),
    ("0,12,12,512,512,64", "not '0'"),
    ("1,12,12,-512,512,64", "not '-512'"),
    ("1,12,12,99999999999,512,64", "not '99999999999'"),
    ("1,12,12,512,512, 64", "not ' 64'"),
    ("1,12,5,512,512,64", "12 query heads are no multiple of 5"),
    ("1,1,1,2000000000,1,64", "at most 2147483648 numbers"),
  ]) func errorsSayWhatIsAllowed(text: String, expected: String) throws {
    let error = try #require(throws: CaseError.self) { try AttentionCase(parsing: text) }
    #expect(error.text == text)
    #expect(error.description.contains(expected), "\(error)")
  }
}
