public import CairnChain
public import CairnCrypto
public import CairnMerkle
import Synchronization

/// Everything that one node keeps on disk, in one directory that one process has open.
///
/// One writer for each database, made here; as many readers as there are threads that want one.
public final class Store: Sendable {
  public let directory: DataDirectory
  /// What was found when the directory was opened.
  public let recovery: StoreRecovery
  /// Databases that were dropped and begun anew, and why.
  public let dropped: [DroppedDatabase]
  public let chain: ChainWriter
  public let state: StateWriter
  public let index: IndexWriter
  /// The snapshots that were made here.
  public let snapshots: SnapshotShelf

  private let network: Digest
  private let indexKeys: IndexKeys
  /// Held as long as anything here is.
  private let lock: any DiskFile
  private let files: FileSystem
  /// Readers of `state.db`, which all have to let go of it before another file takes its place.
  private let stateReaders = Mutex<[WeakStateReader]>([])

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
    if format == nil {
      try files.replace(directory.format, with: DataFormat(version: DataDirectory.formatVersion, network: network).bytes)
    }
    let isInDoubt = files.exists(directory.rebuild)
    if discardsDerived || isInDoubt {
      for path in [directory.stateDatabase, directory.indexDatabase] { try files.removeDatabase(path) }
    }
    var dropped = isInDoubt ? [DroppedDatabase(path: directory.stateDatabase, reason: "found damaged while the node ran")] : []
    snapshots = try SnapshotShelf(directory.snapshots, network: network, files: files)
    try Self.finishInstalling(directory, network: network, files: files, chain: opened.writer)
    state = try Self.openState(directory, network: network, files: files, head: opened.writer.head, &dropped)
    // Nothing that is here leads from the state before the gap to the chain behind it.
    if let gap = chain.gap, state.head.map({ $0.height <= gap.base.header.height }) ?? true { try chain.forgetBeyondGap() }
    recovery = StoreRecovery(
      safety: opened.recovery.safety, highestVote: opened.recovery.highestVote, head: chain.head, edge: chain.edge)
    index = try Self.openIndex(directory, network: network, keys: indexKeys, files: files, &dropped)
    self.dropped = dropped
    if isInDoubt { try files.remove(directory.rebuild) }
  }

  /// Has the next opening make `state.db` and `index.db` again: something in them is not what it should be. To be called before the process ends.
  package func distrustDerivedData() {
    // Whoever cannot write this down finds the damage once more.
    try? files.replace(directory.rebuild, with: [])
  }

  /// Lets somebody else open the directory, before the last reference to this store is gone. Nothing is written afterwards, which
  /// is the caller's to see to.
  package func unlock() { lock.unlock() }

  public func chainReader() throws(StoreError) -> ChainReader {
    try ChainReader(path: directory.chainDatabase, network: network, files: files)
  }

  public func stateReader() throws(StoreError) -> StateReader {
    let reader = try StateReader(path: directory.stateDatabase, network: network, files: files)
    stateReaders.withLock { readers in
      readers.removeAll { $0.reader == nil }
      readers.append(WeakStateReader(reader: reader))
    }
    return reader
  }

  /// The state as it is now, for as long as it is held; `nil` before there is any.
  public func stateView() throws(StoreError) -> StateView? {
    try StateView(path: directory.stateDatabase, network: network, files: files)
  }

  /// Begins to make a snapshot.
  public func snapshotMaker(
    of view: StateView, earlierCount: @escaping SnapshotMaker.EarlierCount
  ) throws(StoreError) -> SnapshotMaker {
    try SnapshotMaker(view, on: snapshots, earlierCount: earlierCount)
  }

  public func indexReader() throws(StoreError) -> IndexReader {
    try IndexReader(path: directory.indexDatabase, network: network, keys: indexKeys, chain: try chainReader(), files: files)
  }
}

/// A database that could not be relied on, and holds nothing that is not in `chain.db`.
public struct DroppedDatabase: Hashable, Sendable {
  public let path: String
  public let reason: String
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
    _ directory: DataDirectory, network: Digest, files: FileSystem, head: Header?, _ dropped: inout [DroppedDatabase]
  ) throws(StoreError) -> StateWriter {
    try orAnew(directory.stateDatabase, files, &dropped) { () throws(StoreError) in
      let writer = try StateWriter(path: directory.stateDatabase, network: network, files: files)
      // A state ahead of the chain is the state of blocks that an older chain.db does not have.
      if let height = writer.head?.height, head.map({ $0.height < height }) ?? true {
        throw .corrupt(table: "state_head", key: "\(height)")
      }
      return writer
    }
  }

  /// A state that is beyond the chain, or is the one that the chain goes on from, becomes `state.db`: what a crash left undone.
  private static func finishInstalling(
    _ directory: DataDirectory, network: Digest, files: FileSystem, chain: ChainWriter
  ) throws(StoreError) {
    let path = directory.incomingSnapshot
    guard files.exists(path), chain.gap != nil else { return }
    var head: StateHead?
    do { head = try StateReader(path: path, network: network, files: files).head() } catch {
      switch error {
      case .corrupt, .schemaVersion: return try files.removeDatabase(path)
      default: throw error
      }
    }
    guard let head, let gap = chain.gap, head.height > gap.base.header.height, head.height <= chain.head?.height ?? 0 else { return }
    let reader = try ChainReader(path: directory.chainDatabase, network: network, files: files)
    guard try reader.header(height: head.height)?.stateRoot == head.root else { return }
    let incoming = try IncomingSnapshot(path: path, network: network, files: files)
    try incoming.dropProgress()
    incoming.close()
    try moveIncoming(directory, files)
  }

  private static func moveIncoming(_ directory: DataDirectory, _ files: FileSystem) throws(StoreError) {
    try files.removeDatabase(directory.stateDatabase)
    for side in ["-wal", "-shm"] { try files.remove(directory.incomingSnapshot + side) }
    try files.rename(directory.incomingSnapshot, to: directory.stateDatabase)
    try files.syncDirectory(of: directory.incomingSnapshot)
  }

  private static func openIndex(
    _ directory: DataDirectory, network: Digest, keys: @escaping IndexKeys, files: FileSystem, _ dropped: inout [DroppedDatabase]
  ) throws(StoreError) -> IndexWriter {
    let chain = try ChainReader(path: directory.chainDatabase, network: network, files: files)
    return try orAnew(directory.indexDatabase, files, &dropped) { () throws(StoreError) in
      let writer = try IndexWriter(path: directory.indexDatabase, network: network, keys: keys, files: files)
      if let height = writer.height, try chain.header(height: height)?.digest != writer.headDigest {
        throw .corrupt(table: "index_head", key: "\(height)")
      }
      return writer
    }
  }

  private static func orAnew<Writer>(
    _ path: String, _ files: FileSystem, _ dropped: inout [DroppedDatabase], _ open: () throws(StoreError) -> Writer
  ) throws(StoreError) -> Writer {
    do { return try open() } catch {
      switch error {
      case .schemaVersion, .wrongNetwork: break
      // Damage to chain.db, which the index is opened with, is not mended by making another index.
      default: guard error.isAboutDerivedData else { throw error }
      }
      dropped.append(DroppedDatabase(path: path, reason: error.description))
    }
    try files.removeDatabase(path)
    return try open()
  }
}

extension Store {
  /// What was fetched so far of a snapshot; a new one when there is none, or when it cannot be read.
  public func incomingSnapshot() throws(StoreError) -> IncomingSnapshot {
    let (path, files, network) = (directory.incomingSnapshot, files, network)
    var dropped: [DroppedDatabase] = []
    return try Self.orAnew(path, files, &dropped) { () throws(StoreError) in
      try IncomingSnapshot(path: path, network: network, files: files)
    }
  }

  /// Forgets what was fetched of a snapshot.
  public func discard(_ incoming: IncomingSnapshot) throws(StoreError) {
    incoming.close()
    try files.removeDatabase(directory.incomingSnapshot)
  }

  /// The fetched blocks become the chain, and the fetched state the state. A crash in between is made good when the directory is opened
  /// again: first the chain, in one transaction, and then the state's file, by its name.
  ///
  /// - Parameter ends: verified: how the epochs ended from the one that this node is in to that of the snapshot.
  /// - Precondition: `incoming` is complete, its blocks lead beyond its state, and nobody else writes.
  public func install(_ incoming: IncomingSnapshot, ends: [EpochEnd] = []) throws(StoreError) {
    guard let base = incoming.base else { throw .missing(path: directory.incomingSnapshot) }
    try chain.install(base, ends: ends, from: incoming)
    try incoming.dropProgress()
    incoming.close()
    let readers = stateReaders.withLock { $0.compactMap(\.reader) }
    try reopen(readers[...])
    let chainReader = try chainReader()
    try index.catchUp(from: chainReader)
  }

  private func reopen(_ readers: ArraySlice<StateReader>) throws(StoreError) {
    guard let reader = readers.first else {
      return try state.reopen { () throws(StoreError) in try Self.moveIncoming(directory, files) }
    }
    try reader.reopen { () throws(StoreError) in try reopen(readers.dropFirst()) }
  }
}

/// A reader that somebody else owns.
private struct WeakStateReader: Sendable {
  weak let reader: StateReader?
}
