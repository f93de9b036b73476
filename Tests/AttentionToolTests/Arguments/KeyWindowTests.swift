import ArgumentParser
import Testing

@testable import AttentionTool

@Suite struct KeyWindowTests {
  @Test(
    arguments: [
      ("3,5", 3, 5), ("0,0", 0, 0), ("-1,3", nil, 3), ("3,-1", 3, nil), ("-1,-1", nil, nil), ("+2,1", 2, 1),
    ] as [(String, Int?, Int?)])
  func readsTwoNumbers(argument: String, left: Int?, right: Int?) throws {
    let window = try KeyWindow(argument: argument)
    #expect(window.left == left)
    #expect(window.right == right)
  }

  @Test(arguments: [
    "", ",", "3", "3,", ",3", "3,5,7", "-2,3", "3,-2", "3;5", "a,b", "3.5,1", "3, 5", "99999999999999999999,1",
  ])
  func refusesEverythingElse(argument: String) {
    #expect(throws: ValidationError.self) { try KeyWindow(argument: argument) }
  }
}
