import Foundation

/// Files as commands read and write them, with errors for people.
enum Files {
  /// Anything that a command reads whole is smaller.
  static let byteLimit = 64 << 20

  /// - Parameter what: how the file is called in a sentence, for example `key file`.
  static func read(_ path: String, _ what: String, limit: Int = byteLimit) throws(CommandFailure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw .refused("missing_file", "The \(what) \(path) does not exist: check the path.") }
      throw .refused("unreadable_file", "The \(what) \(path) cannot be read: \(systemError()).")
    }
    defer { close(descriptor) }
    return try read(descriptor: descriptor, "\(what) \(path)", limit: limit)
  }

  /// - Parameter name: kind and path, for sentences.
  static func read(descriptor: Int32, _ name: String, limit: Int) throws(CommandFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .refused("unreadable_file", "The \(name) cannot be read: \(systemError()).") }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= limit else {
        throw .refused("file_too_long", "The \(name) is longer than \(limit) bytes: it is not what this command expects.")
      }
    }
  }

  /// Writes a new file; one that is there stays as it is.
  static func create(_ path: String, _ what: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws(CommandFailure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      if errno == EEXIST {
        throw .refused("file_exists", "The \(what) \(path) exists already and is not overwritten: choose another path, or move it away.")
      }
      throw .refused("unwritable_file", "The \(what) \(path) cannot be made: \(systemError()).")
    }
    defer { close(descriptor) }
    try write(bytes, to: descriptor, "\(what) \(path)")
  }

  /// Replaces a whole file: at any moment, crashes included, it has its old or its new content.
  static func replace(_ path: String, _ what: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws(CommandFailure) {
    let temporary = path + ".new"
    unlink(temporary)
    try create(temporary, what, bytes, mode: mode)
    guard rename(temporary, path) == 0 else {
      throw .refused("unwritable_file", "The \(what) \(path) cannot be replaced: \(systemError()).")
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32, _ name: String) throws(CommandFailure) {
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress?.advanced(by: start), bytes.count - start) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .refused("unwritable_file", "The \(name) cannot be written: \(systemError()).") }
      start += count
    }
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw .refused("unwritable_file", "The \(name) cannot be made durable: \(systemError()).")
    }
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }

  static func makeDirectory(_ path: String) throws(CommandFailure) {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .refused("unwritable_directory", "The directory \(path) cannot be made: \(systemError()).")
    }
  }

  /// Permission bits; `nil` when there is no such file.
  static func mode(of path: String) -> mode_t? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: (path as NSString).resolvingSymlinksInPath)
    return (attributes?[.posixPermissions] as? NSNumber).map { mode_t($0.uint16Value) & 0o777 }
  }

  /// A path of a file that says where others are: relative to that file's directory.
  static func path(_ path: String, relativeTo file: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    let directory = (file as NSString).deletingLastPathComponent
    return directory.isEmpty ? path : directory + "/" + path
  }

  static func systemError(_ code: Int32 = errno) -> String {
    String(cString: strerror(code)).lowercased()
  }
}
