public import CairnChain
public import CairnCrypto
public import CairnMerkle

/// Everything that one node keeps on disk, in one directory that one process has open.
///
/// One writer for each database, made here; as many readers as there are threads that want one.
public final class Store: Sendable {
  public let directory: DataDirectory
  /// What was found when the directory was opened.
  public let recovery: StoreRecovery
  public let chain: ChainWriter
  public let state: StateWriter
  public let index: IndexWriter

  private let network: Digest
  private let indexKeys: IndexKeys
  /// Held as long as anything here is.
  private let lock: any DiskFile
  private let files: FileSystem

  /// Opens a data directory, or sets up a new one. Its parent must exist.
  ///
  /// A `state.db` or `index.db` that cannot be read is dropped and begun anew; `chain.db` never is.
  ///
  /// - Parameters:
  ///   - network: refused with `.wrongNetwork` when the directory is another's.
  ///   - indexKeys: what transactions are found under.
  ///   - discardsDerived: drop `state.db` and `index.db`, all of which comes from `chain.db`, because one of them was found
  ///     damaged.
  ///   - disk: where the directory is.
  public init(
    path: String, network: Digest, indexKeys: @escaping IndexKeys, discardsDerived: Bool = false,
    disk: any Disk = OperatingSystemDisk(), faults: any StoreFaults = NoFaults()
  ) throws(StoreError) {
    directory = DataDirectory(path: path)
    (self.network, self.indexKeys) = (network, indexKeys)
    let files = FileSystem(disk: disk, faults: faults)
    self.files = files
    try files.createDirectory(path)
    lock = try files.open(directory.lock, .lock)
    guard try lock.tryLock() else { throw .locked(directory: path) }
    let format = try DataFormat.read(directory.format, files)
    try format?.check(directory.format, network: network)

    let opened = try Self.openChain(directory, network: network, files: files, isNew: format == nil)
    chain = opened.writer
    recovery = opened.recovery
    if format == nil {
      try files.replace(directory.format, with: DataFormat(version: DataDirectory.formatVersion, network: network).bytes)
    }
    if discardsDerived {
      for path in [directory.stateDatabase, directory.indexDatabase] { try Self.removeDatabase(path, files) }
    }
    state = try Self.openState(directory, network: network, files: files, head: opened.recovery.head)
    index = try Self.openIndex(directory, network: network, keys: indexKeys, files: files)
  }

  /// Lets somebody else open the directory, before the last reference to this store is gone. Nothing is written afterwards, which
  /// is the caller's to see to.
  package func unlock() { lock.unlock() }

  public func chainReader() throws(StoreError) -> ChainReader {
    try ChainReader(path: directory.chainDatabase, network: network, files: files)
  }

  public func stateReader() throws(StoreError) -> StateReader {
    try StateReader(path: directory.stateDatabase, network: network, files: files)
  }

  public func indexReader() throws(StoreError) -> IndexReader {
    try IndexReader(path: directory.indexDatabase, network: network, keys: indexKeys, chain: try chainReader(), files: files)
  }
}

/// What was found when a data directory was opened.
public struct StoreRecovery: Sendable {
  public let safety: SafetyRecovery
  /// The own vote of the highest epoch and view that was ever recorded here, pruned or not.
  public let highestVote: Vote?
  /// The newest block's header.
  public let head: Header?
  /// The log's right edge after it.
  public let edge: LogTileEdge
}

extension Store {
  private static func openChain(
    _ directory: DataDirectory, network: Digest, files: FileSystem, isNew: Bool
  ) throws(StoreError) -> (writer: ChainWriter, recovery: StoreRecovery) {
    let database = try Database(directory.chainDatabase, .chain, .writer, network: network, files: files)
    let hasBlocks = try BlockTable(database: database).newest() != nil
    // The format file is the last that is written when a directory is set up.
    if isNew, hasBlocks { throw .missing(path: directory.format) }
    let loader = SafetyLoader(
      database: database, path: directory.safetyLog, network: network, files: files, isNew: isNew, hasBlocks: hasBlocks)
    let safety = try loader.load()
    let connection = try ChainConnection(database, network: network, safety: safety.writer)
    let recovery = StoreRecovery(
      safety: safety.recovery, highestVote: safety.highestVote, head: connection.head, edge: connection.edge)
    return (ChainWriter(connection), recovery)
  }

  /// Begun anew when it cannot be read.
  private static func openState(
    _ directory: DataDirectory, network: Digest, files: FileSystem, head: Header?
  ) throws(StoreError) -> StateWriter {
    try orAnew(directory.stateDatabase, files) { () throws(StoreError) in
      let writer = try StateWriter(path: directory.stateDatabase, network: network, files: files)
      // A state ahead of the chain is the state of blocks that an older chain.db does not have.
      if let height = writer.head?.height, head.map({ $0.height < height }) ?? true {
        throw .corrupt(table: "state_head", key: "\(height)")
      }
      return writer
    }
  }

  private static func openIndex(
    _ directory: DataDirectory, network: Digest, keys: @escaping IndexKeys, files: FileSystem
  ) throws(StoreError) -> IndexWriter {
    let chain = try ChainReader(path: directory.chainDatabase, network: network, files: files)
    return try orAnew(directory.indexDatabase, files) { () throws(StoreError) in
      let writer = try IndexWriter(path: directory.indexDatabase, network: network, keys: keys, files: files)
      if let height = writer.height, try chain.header(height: height)?.digest != writer.headDigest {
        throw .corrupt(table: "index_head", key: "\(height)")
      }
      return writer
    }
  }

  private static func orAnew<Writer>(
    _ path: String, _ files: FileSystem, _ open: () throws(StoreError) -> Writer
  ) throws(StoreError) -> Writer {
    do { return try open() } catch {
      switch error {
      case .corrupt, .schemaVersion: break
      default: throw error
      }
    }
    try removeDatabase(path, files)
    return try open()
  }

  private static func removeDatabase(_ path: String, _ files: FileSystem) throws(StoreError) {
    for file in [path, path + "-wal", path + "-shm"] { try files.remove(file) }
  }
}
