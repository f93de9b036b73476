internal import Checkpoints
internal import Foundation

/// The cases of a folder of files, or of one file.
package enum CaseFiles {
  private static let suffix = ".safetensors"

  /// - Parameter path: of a folder whose `.safetensors` files are all read, or of one such file.
  /// - Returns: the cases in the order of the files' names; of a file, in its own.
  /// - Throws: ``ConformanceError``: nothing is there, or what is wrong with which file. No file is passed over.
  package static func cases(at path: String) throws(ConformanceError) -> [ConformanceCase] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw .nothingAt(path: path) }
    guard isFolder.boolValue else { return try cases(of: path) }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw .damaged(path: path, reason: error.localizedDescription)
    }
    let files = names.filter { $0.hasSuffix(suffix) }.sorted()
    guard !files.isEmpty else { throw .noCases(path: path) }
    var all: [ConformanceCase] = []
    for file in files { all += try cases(of: "\(path)/\(file)") }
    return all
  }

  private static func cases(of path: String) throws(ConformanceError) -> [ConformanceCase] {
    do {
      let file = try SafetensorsFile(contentsOf: path)
      guard let json = file.metadata["cases"] else { throw ConformanceError.noCases(path: path) }
      let headers = try JSONDecoder().decode([CaseHeader].self, from: Data(json.utf8))
      guard !headers.isEmpty else { throw ConformanceError.noCases(path: path) }
      return try headers.map { try ConformanceCase($0, in: file) }
    } catch let error as ConformanceError {
      throw error
    } catch let error as CheckpointError {
      throw .damaged(path: path, reason: "\(error)")
    } catch {
      throw .damaged(path: path, reason: "its list of cases can't be read: \(error)")
    }
  }
}
