import CairnStore

/// A simulated disk as the store sees it.
struct SimulatedDisk: Disk {
  private let session: Unshared<DiskSession>

  init(_ session: DiskSession) {
    SQLiteFileSystem.register()
    self.session = Unshared(session)
  }

  var sqliteName: String? { SQLiteFileSystem.name }

  func open(_ path: String, _ mode: FileMode) throws(StoreError) -> any DiskFile {
    let (session, name) = try find(path)
    if let inode = session.medium[name] {
      if mode == .create { try session.perform(.truncate, name) { inode.truncate(0) }.check(path) }
      return SimulatedFile(session, inode, name)
    }
    guard mode == .create || mode == .lock else { throw .missing(path: path) }
    let inode = Inode()
    session.medium.link(name, inode)
    return SimulatedFile(session, inode, name)
  }

  func exists(_ path: String) -> Bool {
    guard let (session, name) = try? find(path) else { return false }
    return session.medium[name] != nil
  }

  func names(in directory: String) throws(StoreError) -> [String] {
    let (session, name) = try find(directory)
    return session.medium.sorted.map(\.name).filter { $0.hasPrefix(name + "/") }.map { String($0.dropFirst(name.count + 1)) }
      .filter { !$0.contains("/") }
  }

  /// Every directory is always there.
  func createDirectory(_ path: String) throws(StoreError) -> Bool { false }

  func remove(_ path: String) throws(StoreError) {
    let (session, name) = try find(path)
    guard session.medium[name] != nil else { return }
    try session.perform(.remove, name) { session.medium.unlink(name) }.check(path)
  }

  func rename(_ path: String, to other: String) throws(StoreError) {
    let ((session, name), (_, otherName)) = (try find(path), try find(other))
    guard session.medium[name] != nil else { throw .missing(path: path) }
    try session.perform(.rename, otherName) { _ = session.medium.rename(name, to: otherName) }.check(other)
  }

  func syncDirectory(_ path: String) throws(StoreError) {
    let session = session.value
    try session.perform(.syncNames, "") { session.medium.syncNames() }.check(path)
  }

  private func find(_ path: String) throws(StoreError) -> (DiskSession, String) {
    guard let found = DiskSession.find(path), found.session === session.value, !found.session.isOff else {
      throw .io(path: path, detail: "the power is off")
    }
    return found
  }
}

/// A file that is not SQLite's: the safety log, the format, the lock.
private final class SimulatedFile: DiskFile {
  private let session: Unshared<DiskSession>
  private let inode: Unshared<Inode>
  private let name: String

  init(_ session: DiskSession, _ inode: Inode, _ name: String) {
    (self.session, self.inode, self.name) = (Unshared(session), Unshared(inode), name)
  }

  func append(_ bytes: [UInt8]) throws(StoreError) {
    guard !session.value.medium.isFull else { throw .full(path: name) }
    try session.value.perform(.write, name) { inode.value.append(bytes) }.check(name)
  }

  func syncData() throws(StoreError) {
    try session.value.perform(.sync, name) { inode.value.sync() }.check(name)
  }

  func readAll(limit: Int) throws(StoreError) -> [UInt8] {
    guard !session.value.isOff else { throw .io(path: name, detail: "the power is off") }
    let bytes = inode.value.current.bytes
    guard bytes.count <= limit else { throw .tooLarge(what: name, limit: limit, actual: bytes.count) }
    return bytes
  }

  /// A life ends with its locks.
  func tryLock() throws(StoreError) -> Bool { true }
  func unlock() {}
}
