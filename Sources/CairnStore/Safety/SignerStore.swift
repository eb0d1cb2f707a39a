public import CairnChain
public import CairnCrypto
import Synchronization

/// The record of a remote signer: everything that one key has signed, in a directory that one process has open.
///
/// The same records as a node keeps of its own votes, in the same two places that do not share a failure: `votes.db` and `safety.log`.
/// A directory is set up once, by ``create(path:network:key:importing:disk:faults:)``; opening one never makes anything that is missing.
public final class SignerStore: Sendable {
  public let directory: SignerDirectory
  /// What was found when the directory was opened.
  public let recovery: SafetyRecovery
  /// Nothing is on record at or below it, whether it was signed or not.
  public let floor: ViewPosition
  /// Of the highest epoch and view that was ever recorded, as far as that can be read.
  public let highestVote: Vote?

  private let records: Mutex<SignerRecords>
  /// Held as long as anything here is.
  private let lock: any DiskFile

  /// Opens a directory that was set up for this network and this key.
  ///
  /// Throws `.missing` when it was not set up, or not to its end, `.locked` when another signer has it open, and `.wrongNetwork` or
  /// `.wrongKey` when it is another's. Damaged records are no error here: see ``recovery``.
  public convenience init(
    path: String, network: Digest, key: PublicKey, disk: any Disk = OperatingSystemDisk(), faults: any StoreFaults = NoFaults()
  ) throws(StoreError) {
    let directory = SignerDirectory(path: path)
    let files = FileSystem(disk: disk, faults: faults)
    guard let format = try SignerFormat.read(directory.format, files) else { throw .missing(path: directory.format) }
    try format.check(directory.format, network: network, key: key)
    try self.init(directory, lock: try Self.lock(directory, files), network: network, files: files, isNew: false)
  }

  private init(
    _ directory: SignerDirectory, lock: any DiskFile, network: Digest, files: FileSystem, isNew: Bool
  ) throws(StoreError) {
    let database = try Database(directory.votesDatabase, .votes, .writer, network: network, files: files)
    let loader = SafetyLoader(
      database: database, path: directory.safetyLog, network: network, files: files, isNew: isNew, hasBlocks: false)
    let loaded = try loader.load()
    (self.directory, self.lock) = (directory, lock)
    (recovery, floor, highestVote) = (loaded.recovery, loaded.floor ?? .start, loaded.highestVote)
    records = Mutex(SignerRecords(database, loaded.writer))
  }

  /// Sets up a directory; its parent must exist. One that was not set up to its end is begun anew.
  ///
  /// - Parameter record: what the key has signed before. What is at or below its floor is refused for ever.
  public static func create(
    path: String, network: Digest, key: PublicKey, importing record: SignedRecord, disk: any Disk = OperatingSystemDisk(),
    faults: any StoreFaults = NoFaults()
  ) throws(StoreError) {
    let directory = SignerDirectory(path: path)
    let files = FileSystem(disk: disk, faults: faults)
    try files.createDirectory(path)
    let lock = try Self.lock(directory, files)
    guard try SignerFormat.read(directory.format, files) == nil else { throw .alreadySetUp(path: path) }
    let store = try SignerStore(directory, lock: lock, network: network, files: files, isNew: true)
    try store.restart(above: record.floor)
    try store.write(record.votes, floor: record.floor)
    // The last that is written: without it there is no signer.
    try files.replace(directory.format, with: SignerFormat(network: network, key: key).bytes)
  }

  private static func lock(_ directory: SignerDirectory, _ files: FileSystem) throws(StoreError) -> any DiskFile {
    let lock = try files.open(directory.lock, .lock)
    guard try lock.tryLock() else { throw .locked(directory: directory.path) }
    return lock
  }

  /// Makes votes durable, all of them in both places, or throws; and then it throws for ever.
  ///
  /// - Parameter floor: records at or below it are dropped.
  public func write(_ votes: [Vote], floor: ViewPosition) throws(StoreError) {
    try records.withLock { records throws(StoreError) in try records.write(votes, floor: floor) }
  }

  /// Forgets every record and starts anew above a position: an operator's explicit word after damage. A crash in the middle leaves the
  /// records damaged, and the call is to be made again.
  public func restart(above floor: ViewPosition) throws(StoreError) {
    try records.withLock { records throws(StoreError) in try records.restart(above: floor) }
  }

  /// Lets another process open the directory. Nothing is written afterwards.
  public func close() {
    records.withLock { $0.close(.locked(directory: directory.path)) }
    lock.unlock()
  }
}

/// The open files of a ``SignerStore``. Confined to whoever holds its lock.
private final class SignerRecords {
  private var open: (database: Database, writer: SafetyWriter)?
  /// The first error; nothing is written after it.
  private var failure: StoreError?

  init(_ database: Database, _ writer: SafetyWriter) { open = (database, writer) }

  func write(_ votes: [Vote], floor: ViewPosition) throws(StoreError) {
    try failing { database, writer throws(StoreError) in
      let added = try writer.records(votes: votes)
      try database.transaction { () throws(StoreError) in try writer.insert(added, floor: floor, into: database) }
      try writer.append(added, floor: floor)
      try database.checkpointIfNeeded()
    }
  }

  func restart(above floor: ViewPosition) throws(StoreError) {
    try failing { database, writer throws(StoreError) in try writer.restart(above: floor, database: database) }
  }

  func close(_ error: StoreError) {
    (open, failure) = (nil, failure ?? error)
  }

  private func failing(_ body: (Database, inout SafetyWriter) throws(StoreError) -> Void) throws(StoreError) {
    if let failure { throw failure }
    guard let (database, current) = open else { return }
    var writer = current
    do throws(StoreError) { try body(database, &writer) } catch {
      failure = error
      throw error
    }
    open = (database, writer)
  }
}

/// What a key has signed, as far as anybody still has to know it.
public struct SignedRecord: Equatable, Sendable {
  /// Of the views above ``floor``, each once.
  public var votes: [Vote]
  /// Nothing is known of what is at or below it.
  public var floor: ViewPosition

  public init(votes: [Vote] = [], floor: ViewPosition = .start) {
    (self.votes, self.floor) = (votes, floor)
  }
}
