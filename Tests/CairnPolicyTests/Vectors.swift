import Foundation

/// Third parties' test vectors: the folder that the environment variable CAIRN_VECTORS names.
enum Vectors {
  static let folder = ProcessInfo.processInfo.environment["CAIRN_VECTORS"]
  static let areMissing: Bool = folder == nil

  struct Missing: Error {}

  /// Unpacks an archive of the folder, and removes it afterwards.
  static func withUnpacked<Result>(_ path: String, _ body: (String) throws -> Result) throws -> Result {
    guard let folder else { throw Missing() }
    let target = FileManager.default.temporaryDirectory.appendingPathComponent("cairn-policy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: target) }
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
    tar.arguments = ["xzf", "\(folder)/\(path)", "-C", target.path]
    try tar.run()
    tar.waitUntilExit()
    guard tar.terminationStatus == 0 else { throw Missing() }
    return try body(target.path)
  }
}
