import CSQLite
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// SQLite's view of the simulated disks: a "VFS" (sqlite.org/vfs.html), one for all of them. A path says whose disk is meant.
enum SQLiteFileSystem {
  static let name = "cairn-simulated"
  /// What a database page and a WAL frame never cross in a write that SQLite cares about.
  private static let sectorByteCount: Int32 = 4096
  private static let pathLimit = 256

  /// Makes it known to SQLite, once.
  static func register() { _ = registration }

  private static let registration: Int32 = {
    let system = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    var vfs = sqlite3_vfs()
    vfs.iVersion = 1
    vfs.szOsFile = Int32(MemoryLayout<OpenFile>.size)
    vfs.mxPathname = Int32(pathLimit)
    vfs.zName = UnsafePointer(strdup(name))
    vfs.xOpen = { _, name, file, flags, outFlags in open(name, file, flags, outFlags) }
    vfs.xDelete = { _, name, _ in remove(name) }
    vfs.xAccess = { _, name, _, result in
      result?.pointee = find(name).map { $0.session.medium[$0.name] != nil } ?? false ? 1 : 0
      return SQLITE_OK
    }
    vfs.xFullPathname = { _, name, count, output in
      guard let name, let output, strlen(name) < Int(count) else { return SQLITE_CANTOPEN }
      strcpy(output, name)
      return SQLITE_OK
    }
    // SQLite seeds its own generator from the default file system, and nothing of what that decides can be seen in a simulation.
    vfs.xRandomness = { _, count, output in
      if let output { memset(output, 7, Int(count)) }
      return count
    }
    // Whoever holds a lock does not let go of it while somebody sleeps: there is one thread.
    vfs.xSleep = { _, microseconds in microseconds }
    vfs.xCurrentTime = { _, output in
      output?.pointee = 2_460_000
      return SQLITE_OK
    }
    vfs.xGetLastError = { _, _, _ in 0 }
    system.initialize(to: vfs)
    return sqlite3_vfs_register(system, 0)
  }()

  /// SQLite's file, and our part of it.
  fileprivate struct OpenFile {
    var base: sqlite3_file
    var handle: Unmanaged<FileHandle>?
  }

  private static func find(_ path: UnsafePointer<CChar>?) -> (session: DiskSession, name: String)? {
    guard let path, let found = DiskSession.find(String(cString: path)), !found.session.isOff else { return nil }
    return found
  }

  private static func open(
    _ path: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32, _ outFlags: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    guard let file else { return SQLITE_CANTOPEN }
    file.pointee.pMethods = nil
    let handle: FileHandle
    if let path {
      guard let (session, name) = find(path) else { return SQLITE_CANTOPEN }
      if session.medium[name] == nil {
        guard flags & SQLITE_OPEN_CREATE != 0 else { return SQLITE_CANTOPEN }
        guard !session.medium.isFull else { return SQLITE_FULL }
        session.medium.link(name, Inode())
      }
      guard let inode = session.medium[name] else { return SQLITE_CANTOPEN }
      handle = FileHandle(session: session, inode: inode, name: name, isDeletedOnClose: flags & SQLITE_OPEN_DELETEONCLOSE != 0)
    } else {
      // A file for the moment, which nobody finds again.
      handle = FileHandle(session: nil, inode: Inode(), name: "", isDeletedOnClose: true)
    }
    outFlags?.pointee = flags
    file.withMemoryRebound(to: OpenFile.self, capacity: 1) { $0.pointee.handle = .passRetained(handle) }
    file.pointee.pMethods = methods
    return SQLITE_OK
  }

  private static func remove(_ path: UnsafePointer<CChar>?) -> Int32 {
    guard let (session, name) = find(path) else { return IOError.delete }
    guard session.medium[name] != nil else { return IOError.noSuchFile }
    return session.perform(.remove, name) { session.medium.unlink(name) }.code(IOError.delete)
  }

  private static func with(_ file: UnsafeMutablePointer<sqlite3_file>?, _ body: (FileHandle) -> Int32) -> Int32 {
    let handle = file?.withMemoryRebound(to: OpenFile.self, capacity: 1) { $0.pointee.handle }
    guard let handle else { return SQLITE_IOERR }
    return body(handle.takeUnretainedValue())
  }

  nonisolated(unsafe) private static let methods: UnsafePointer<sqlite3_io_methods> = {
    var methods = sqlite3_io_methods()
    methods.iVersion = 2
    methods.xClose = { file in
      file?.withMemoryRebound(to: OpenFile.self, capacity: 1) { file in
        file.pointee.handle?.takeRetainedValue().close()
        file.pointee.handle = nil
      }
      return SQLITE_OK
    }
    methods.xRead = { file, buffer, count, offset in with(file) { $0.read(buffer, Int(count), at: Int(offset)) } }
    methods.xWrite = { file, buffer, count, offset in with(file) { $0.write(buffer, Int(count), at: Int(offset)) } }
    methods.xTruncate = { file, byteCount in with(file) { $0.truncate(Int(byteCount)) } }
    methods.xSync = { file, _ in with(file) { $0.sync() } }
    methods.xFileSize = { file, result in
      with(file) { handle in
        result?.pointee = sqlite3_int64(handle.inode.current.count)
        return SQLITE_OK
      }
    }
    methods.xLock = { file, level in with(file) { $0.lock(level) } }
    methods.xUnlock = { file, level in with(file) { $0.unlock(level) } }
    methods.xCheckReservedLock = { file, result in
      with(file) { handle in
        result?.pointee = handle.shared?.isReserved ?? false ? 1 : 0
        return SQLITE_OK
      }
    }
    methods.xFileControl = { _, _, _ in SQLITE_NOTFOUND }
    methods.xSectorSize = { _ in sectorByteCount }
    methods.xDeviceCharacteristics = { _ in SQLITE_IOCAP_POWERSAFE_OVERWRITE }
    methods.xShmMap = { file, index, byteCount, extends, result in
      with(file) { handle in
        guard let shared = handle.shared else { return IOError.sharedMemoryMap }
        result?.pointee = shared.region(Int(index), byteCount: Int(byteCount), extends: extends != 0)
          .map { UnsafeMutableRawPointer($0) }
        return SQLITE_OK
      }
    }
    methods.xShmLock = { file, offset, count, flags in with(file) { $0.lockMemory(Int(offset)..<Int(offset + count), flags) } }
    methods.xShmBarrier = { _ in }
    methods.xShmUnmap = { file, _ in
      with(file) { handle in
        handle.unlockAllMemory()
        return SQLITE_OK
      }
    }
    let pointer = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
    pointer.initialize(to: methods)
    return UnsafePointer(pointer)
  }()
}

/// SQLITE_IOERR with the detail that SQLite wants; its header has these as expressions, which are not imported.
private enum IOError {
  static let read = detail(1)
  static let shortRead = detail(2)
  static let write = detail(3)
  static let sync = detail(4)
  static let truncate = detail(6)
  static let delete = detail(10)
  static let lock = detail(15)
  static let sharedMemoryLock = detail(20)
  static let sharedMemoryMap = detail(21)
  static let noSuchFile = detail(23)

  private static func detail(_ number: Int32) -> Int32 { SQLITE_IOERR | number << 8 }
}

/// One connection's open file.
private final class FileHandle {
  private static let count = Atomic<Int>(0)

  /// `nil` for a temporary file.
  private let session: DiskSession?
  let inode: Inode
  private let name: String
  private let isDeletedOnClose: Bool
  private let id: Int
  let shared: SharedFileState?

  init(session: DiskSession?, inode: Inode, name: String, isDeletedOnClose: Bool) {
    (self.session, self.inode, self.name, self.isDeletedOnClose) = (session, inode, name, isDeletedOnClose)
    id = Self.count.add(1, ordering: .relaxed).newValue
    shared = session?.sharedState(of: inode)
  }

  private var isOff: Bool { session?.isOff ?? false }

  func close() {
    shared?.forget(id)
    if isDeletedOnClose { session?.medium.unlink(name) }
  }

  func read(_ buffer: UnsafeMutableRawPointer?, _ count: Int, at offset: Int) -> Int32 {
    guard let buffer, !isOff else { return IOError.read }
    let available = inode.current.read(buffer, count, at: offset)
    guard available < count else { return SQLITE_OK }
    memset(buffer.advanced(by: available), 0, count - available)
    return IOError.shortRead
  }

  func write(_ buffer: UnsafeRawPointer?, _ count: Int, at offset: Int) -> Int32 {
    guard let buffer else { return IOError.write }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      if let base = target.baseAddress { memcpy(base, buffer, count) }
      initialized = count
    }
    guard let session else {
      inode.write(bytes, at: offset)
      return SQLITE_OK
    }
    if session.medium.isFull, offset + count > inode.current.count { return SQLITE_FULL }
    return session.perform(.write, name) { inode.write(bytes, at: offset) }.code(IOError.write)
  }

  func truncate(_ byteCount: Int) -> Int32 {
    guard let session else {
      inode.truncate(byteCount)
      return SQLITE_OK
    }
    return session.perform(.truncate, name) { inode.truncate(byteCount) }.code(IOError.truncate)
  }

  /// The names too: SQLite's own file system syncs the directory of a new journal.
  func sync() -> Int32 {
    guard let session else { return SQLITE_OK }
    return session.perform(.sync, name) {
      inode.sync()
      session.medium.syncNames()
    }.code(IOError.sync)
  }

  func lock(_ level: Int32) -> Int32 {
    guard !isOff else { return IOError.lock }
    return shared?.lock(id, level) ?? true ? SQLITE_OK : SQLITE_BUSY
  }

  func unlock(_ level: Int32) -> Int32 {
    shared?.unlock(id, level)
    return SQLITE_OK
  }

  func lockMemory(_ slots: Range<Int>, _ flags: Int32) -> Int32 {
    guard let shared, !isOff else { return IOError.sharedMemoryLock }
    if flags & SQLITE_SHM_UNLOCK != 0 {
      shared.unlockMemory(id, slots)
      return SQLITE_OK
    }
    return shared.lockMemory(id, slots, isExclusive: flags & SQLITE_SHM_EXCLUSIVE != 0) ? SQLITE_OK : SQLITE_BUSY
  }

  func unlockAllMemory() { shared?.unlockMemory(id, 0..<Int(SQLITE_SHM_NLOCK)) }
}

extension DiskSession.Outcome {
  fileprivate func code(_ failure: Int32) -> Int32 {
    switch self {
    case .done: SQLITE_OK
    case .full: SQLITE_FULL
    case .cutBefore, .cutAfter, .failed: failure
    }
  }
}
