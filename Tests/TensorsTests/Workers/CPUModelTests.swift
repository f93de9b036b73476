import Tensors
import Testing

@Suite struct CPUModelTests {
  @Test(
    arguments: [
      ("processor\t: 0\nmodel\t\t: 2\nmodel name\t: A: CPU\nprocessor\t: 1\nmodel name\t: B\n", "A: CPU"),
      ("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n\nModel\t\t: Small Board 5\n", "Small Board 5"),
      ("CPU implementer\t: 0x41\nCPU part\t: 0xd40\nCPU part\t: 0xd05\n", "implementer 0x41, part 0xd40"),
      ("system type\t: X\ncpu model\t: Y V0.1\n", "Y V0.1"),
      ("model name\t: \nmodel name\t: B\n", "B"),
      ("CPU part\t: 0xd0c\n", nil),
      ("model name", nil),
      ("", nil),
    ] as [(text: String, name: String?)])
  func name(text: String, name: String?) {
    #expect(CPUModel.name(inInformation: text) == name)
  }
}
