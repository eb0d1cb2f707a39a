#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The corpus as files in a folder and its subfolders.
public struct CorpusFolder {
  private let root: String
  /// Paths of all files below the root, sorted.
  private let files: [String]

  /// - Returns: `nil` when there is no such folder.
  public init?(_ path: String) {
    root = path
    guard let enumerated = try? FileManager.default.subpathsOfDirectory(atPath: path) else { return nil }
    files = enumerated.sorted { Text($0) < Text($1) }
  }

  /// Runs every test in the order of their paths.
  ///
  /// - Parameter isIncluded: by path; all, unless said otherwise.
  public func run(limits: PolicyLimits = .conformance, where isIncluded: (String) -> Bool = { _ in true }) -> CorpusReport {
    var runner = CorpusRunner(limits: limits)
    for file in files where file.utf8.suffix(5).elementsEqual(".json".utf8) && isIncluded(file) {
      guard let test = test(file) else { continue }
      runner.run(test) { read($0, from: file) }
    }
    return runner.report
  }

  private func test(_ file: String) -> CorpusCase? {
    guard let bytes = content(file), let json = try? CedarJSON(parsing: bytes, byteLimit: Self.byteLimit) else { return nil }
    let name = String(file.dropLast(5))
    let verdicts = content("\(name).validation.json").flatMap { try? CedarJSON(parsing: $0, byteLimit: Self.byteLimit) }
    return CorpusCase(name: name, json: json, verdicts: verdicts)
  }

  /// In bytes; the largest file of the corpus has a tenth of it.
  private static let byteLimit = 16 << 20

  private func content(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: "\(root)/\(path)").map { Array($0) } }

  /// Paths in a test start at some root; it is looked for from the test's folder upwards, with and without the first component.
  private func read(_ path: String, from test: String) -> [UInt8]? {
    let parts = path.split(separator: "/").map(String.init)
    var folder = test.split(separator: "/").map(String.init)
    while !folder.isEmpty {
      folder.removeLast()
      for candidate in [parts, Array(parts.dropFirst())] where !candidate.isEmpty {
        if let bytes = content((folder + candidate).joined(separator: "/")) { return bytes }
      }
    }
    return nil
  }
}
