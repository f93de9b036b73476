internal import ArgumentParser
internal import Attention
internal import Checkpoints

/// A safetensors file with the name under which messages speak of it.
struct InputFile: Sendable {
  let path: String
  let file: SafetensorsFile

  init(path: String, file: SafetensorsFile) {
    (self.path, self.file) = (path, file)
  }

  /// Opens and validates a file.
  init(path: String) throws {
    do {
      self.init(path: path, file: try SafetensorsFile(contentsOf: path))
    } catch {
      switch error {
      // These say the path themselves.
      case .cannotOpen, .cannotRead, .notARegularFile: throw ToolFailure.input("\(error)")
      default: throw ToolFailure.input("\(path): \(error)")
      }
    }
  }

  /// Runs `body` on the file; what it finds wrong is this file's fault.
  func reading<Result>(_ body: (SafetensorsFile) throws -> Result) throws -> Result {
    do {
      return try body(file)
    } catch let error as CheckpointError {
      throw ToolFailure.input("\(path): \(error)")
    } catch let error as AttentionError {
      throw ToolFailure.input("\(path): \(error)")
    } catch let error as TensorError {
      throw ToolFailure.input("\(path): \(error)")
    } catch let error as LayerStateError {
      throw ToolFailure.input("\(path): \(error)")
    }
  }

  /// One line about tensors that have none of the known names, as a misspelt `mask` would otherwise go unnoticed; nil if all are known.
  func warning(known: [String]) -> String? {
    let unknown = file.names.filter { !known.contains($0) }
    guard !unknown.isEmpty else { return nil }
    let shown = unknown.prefix(4).map(\.debugDescription).joined(separator: ", ")
    let more = unknown.count > 4 ? " and \(unknown.count - 4) more" : ""
    return "Warning: \(path): not used: \(shown)\(more); known names are \(known.joined(separator: ", "))"
  }
}
