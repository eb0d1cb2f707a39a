import CairnLedger
import Foundation

/// A constitution as files: policies in `NAME.cedar`, and beside them the decisions that they have to make in `NAME.tests`.
enum ConstitutionFile {
  /// Stands for the constitution that comes with the program.
  static let standardName = "standard"

  /// - Parameters:
  ///   - name: ``standardName``, or a path.
  ///   - file: the one in whose folder a relative path starts; `nil` for the current folder.
  static func read(_ name: String, beside file: String? = nil) throws(CommandFailure) -> Constitution {
    guard name != standardName else { return .standard }
    let path = resolve(name, beside: file)
    let policies = try text(path, "constitution", limit: ConstitutionSource.policyByteLimit)
    let testPath = URL(fileURLWithPath: path).deletingPathExtension().appendingPathExtension("tests").path
    let tests =
      Files.exists(testPath) ? try text(testPath, "tests of the constitution", limit: ConstitutionSource.testByteLimit) : ""
    do { return try Constitution(ConstitutionSource(policies: policies, tests: tests)) } catch {
      throw .refused(error.reason, "The constitution \(path) \(error.sentence).")
    }
  }

  private static func resolve(_ name: String, beside file: String?) -> String {
    guard let file, !name.hasPrefix("/") else { return name }
    return URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent(name).path
  }

  private static func text(_ path: String, _ what: String, limit: Int) throws(CommandFailure) -> String {
    guard let text = String(validating: try Files.read(path, what, limit: limit), as: UTF8.self) else {
      throw .refused("malformed_file", "The \(what) \(path) is not UTF-8 text.")
    }
    return text
  }
}
