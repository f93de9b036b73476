import Testing

@testable import AttentionBenchmark

@Suite struct MachineDescriptionTests {
  @Test func describesThisMachine() {
    let machine = MachineDescription.current
    #expect(!machine.cpu.isEmpty)
    #expect(machine.availableThreads >= 1)
    #expect(!machine.blasCore.isEmpty)
    #expect(machine.blasLibrary.hasPrefix("OpenBLAS"))
    #expect(machine.lines.count == (machine.warning == nil ? 2 : 3))
  }
}
