#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the store does to files and directories as a whole, and nothing else does.
struct FileSystem: Sendable {
  let faults: any StoreFaults

  func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Readable by its owner alone. One that is already there stays as it is.
  func createDirectory(_ path: String) throws(StoreError) {
    if mkdir(path, 0o700) == 0 { return try syncDirectory(of: path) }
    guard errno == EEXIST else { throw .system("create directory", path) }
  }

  /// Gone afterwards, whether it was there or not.
  func remove(_ path: String) throws(StoreError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw .system("remove", path) }
  }

  /// Replaces a whole file: at any moment, crashes included, it has its old or its new content.
  func replace(_ path: String, with bytes: [UInt8]) throws(StoreError) {
    let temporary = path + ".new"
    let file = try File(temporary, .create)
    try faults.around(.fileWrite) { () throws(StoreError) in try file.append(bytes) }
    try faults.around(.fileSync) { () throws(StoreError) in try file.syncData() }
    try faults.around(.fileRename) { () throws(StoreError) in
      guard rename(temporary, path) == 0 else { throw .system("rename", path) }
    }
    try syncDirectory(of: path)
  }

  /// Makes the names in a file's directory durable.
  private func syncDirectory(of path: String) throws(StoreError) {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let directory = try File(parent.isEmpty ? "/" : parent, .read)
    try faults.around(.directorySync) { () throws(StoreError) in try directory.syncAll() }
  }
}
