import Testing

@testable import AttentionBenchmark

@Suite struct MachineDescriptionTests {
  @Test func findsTheModel() {
    let text = "processor\t: 0\nmodel\t\t: 2\nmodel name\t: A: CPU\nprocessor\t: 1\nmodel name\t: B\n"
    #expect(MachineDescription.model(inInformation: text) == "A: CPU")
    #expect(MachineDescription.model(inInformation: "processor\t: 0\nCPU part\t: 0xd0c\n") == nil)
  }

  @Test func describesThisMachine() {
    let machine = MachineDescription.current
    #expect(machine.availableThreads >= 1)
    #expect(!machine.blasCore.isEmpty)
    #expect(machine.blasLibrary.hasPrefix("OpenBLAS"))
    #expect(machine.lines.count == (machine.warning == nil ? 2 : 3))
  }
}
