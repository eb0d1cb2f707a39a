/// What the store does to files and directories as a whole, and nothing else does.
struct FileSystem: Sendable {
  let disk: any Disk
  let faults: any StoreFaults

  init(disk: any Disk = OperatingSystemDisk(), faults: any StoreFaults = NoFaults()) {
    (self.disk, self.faults) = (disk, faults)
  }

  /// The same files, for somebody who only reads them.
  var forReading: FileSystem { FileSystem(disk: disk) }

  func open(_ path: String, _ mode: FileMode) throws(StoreError) -> any DiskFile { try disk.open(path, mode) }

  func exists(_ path: String) -> Bool { disk.exists(path) }

  func names(in directory: String) throws(StoreError) -> [String] { try disk.names(in: directory) }

  /// Gives a file that is synced its name, for good.
  func rename(_ path: String, to other: String) throws(StoreError) {
    try faults.around(.fileRename) { () throws(StoreError) in try disk.rename(path, to: other) }
    try syncDirectory(of: other)
  }

  /// With what SQLite keeps beside it.
  func removeDatabase(_ path: String) throws(StoreError) {
    for file in [path, path + "-wal", path + "-shm"] { try remove(file) }
  }

  /// Readable by its owner alone. One that is already there stays as it is.
  func createDirectory(_ path: String) throws(StoreError) {
    if try disk.createDirectory(path) { try syncDirectory(of: path) }
  }

  func remove(_ path: String) throws(StoreError) { try disk.remove(path) }

  /// Replaces a whole file: at any moment, crashes included, it has its old or its new content.
  func replace(_ path: String, with bytes: [UInt8]) throws(StoreError) {
    let temporary = path + ".new"
    let file = try disk.open(temporary, .create)
    try faults.around(.fileWrite) { () throws(StoreError) in try file.append(bytes) }
    try faults.around(.fileSync) { () throws(StoreError) in try file.syncData() }
    try faults.around(.fileRename) { () throws(StoreError) in try disk.rename(temporary, to: path) }
    try syncDirectory(of: path)
  }

  /// Makes the names in a file's directory durable.
  func syncDirectory(of path: String) throws(StoreError) {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    try faults.around(.directorySync) { () throws(StoreError) in try disk.syncDirectory(parent.isEmpty ? "/" : parent) }
  }
}
