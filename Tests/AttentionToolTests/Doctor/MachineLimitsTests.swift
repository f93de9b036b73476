import Testing

@testable import AttentionTool

@Suite struct MachineLimitsTests {
  private func limits(_ files: [String: String]) -> MachineLimits { MachineLimits { files[$0] } }

  @Test func readsWhatTheKernelSays() {
    let machine = limits([
      "/proc/cpuinfo": "processor\t: 0\nmodel name\t: Fast CPU: 9000\n\nprocessor\t: 1\nmodel name\t: Other\n",
      "/proc/self/status": "Name:\tx\nCpus_allowed_list:\t0-3,8\n",
      "/proc/self/cgroup": "0::/a\n",
      "/sys/fs/cgroup/a/cpu.max": "250000 100000\n",
    ])
    #expect(machine.cpuModel == "Fast CPU: 9000")
    #expect(machine.limits == "5 CPUs by affinity, 3 by the cgroup's quota")
    #expect(machine.reason == "from the cgroup's quota")
  }

  @Test func affinityDecidesWithoutASmallerQuota() {
    var files = ["/proc/self/status": "Cpus_allowed_list:\t2\n"]
    #expect(limits(files).limits == "1 CPU by affinity, no cgroup quota")
    #expect(limits(files).reason == "from the affinity mask")
    files["/proc/self/cgroup"] = "0::/\n"
    files["/sys/fs/cgroup/cpu.max"] = "100000 100000\n"
    #expect(limits(files).limits == "1 CPU by affinity, 1 by the cgroup's quota")
    #expect(limits(files).reason == "from the affinity mask")
  }

  @Test func namesARMCores() {
    let machine = limits(["/proc/cpuinfo": "CPU implementer\t: 0x41\nCPU part\t: 0xd40\n"])
    #expect(machine.cpuModel == "implementer 0x41, part 0xd40")
  }

  @Test func saysWhatItDoesNotKnow() {
    let machine = limits([:])
    #expect(machine.cpuModel == "not known")
    #expect(machine.limits == "affinity not known, no cgroup quota")
  }
}
