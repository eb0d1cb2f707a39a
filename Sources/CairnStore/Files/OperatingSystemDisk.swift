#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Production: the files are where their paths say.
public struct OperatingSystemDisk: Disk {
  public init() {}

  public var sqliteName: String? { nil }

  public func open(_ path: String, _ mode: FileMode) throws(StoreError) -> any DiskFile { try File(path, mode) }

  public func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  public func names(in directory: String) throws(StoreError) -> [String] {
    guard let stream = opendir(directory) else {
      if errno == ENOENT { return [] }
      throw .system("open directory", directory)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Readable by its owner alone.
  public func createDirectory(_ path: String) throws(StoreError) -> Bool {
    if mkdir(path, 0o700) == 0 { return true }
    guard errno == EEXIST else { throw .system("create directory", path) }
    return false
  }

  public func remove(_ path: String) throws(StoreError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw .system("remove", path) }
  }

  public func rename(_ path: String, to other: String) throws(StoreError) {
    guard renamed(path, other) == 0 else { throw .system("rename", other) }
  }

  public func syncDirectory(_ path: String) throws(StoreError) { try File(path, .read).syncAll() }
}

private func renamed(_ path: String, _ other: String) -> Int32 { rename(path, other) }
