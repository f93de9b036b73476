internal import ArgumentParser

@main
struct AttentionBenchmark: ParsableCommand {}
