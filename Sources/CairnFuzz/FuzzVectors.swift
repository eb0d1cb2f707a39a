import Foundation

/// Files of third parties, as seeds.
enum FuzzVectors {
  /// Longer ones teach nothing more.
  private static let byteLimit = 32 << 10
  private static let fileLimit = 2_000

  /// A file, or all files below a folder, in the order of their names.
  static func read(_ path: String) throws -> [[UInt8]] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
    guard isFolder.boolValue else { return [try Array(Data(contentsOf: URL(fileURLWithPath: path)))] }
    let names = try FileManager.default.subpathsOfDirectory(atPath: path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return try names.prefix(fileLimit).compactMap { name in
      let file = URL(fileURLWithPath: "\(path)/\(name)")
      guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { return nil }
      let bytes = try Array(Data(contentsOf: file))
      return bytes.count <= byteLimit ? bytes : nil
    }
  }
}
