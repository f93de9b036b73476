internal import ArgumentParser
internal import ONNXConventions

/// `--stage`: which state of the score matrix is written.
extension ScoreStage: ExpressibleByArgument {}
