internal import ArgumentParser

@main
struct AttentionTool: ParsableCommand {}
