public import CairnChain
public import CairnCrypto

/// The safety records of a node that does not run, for whoever is to sign in its place. The node cannot be started as long as this is
/// held.
public final class NodeSafetyRecords: Sendable {
  /// What the node has signed, and up to where nobody knows.
  public let record: SignedRecord
  /// Of the highest epoch and view that was ever recorded.
  public let highestVote: Vote?

  private let directory: DataDirectory
  private let lock: any DiskFile

  /// What a crash left unfinished is finished first, as the node itself would.
  ///
  /// Throws `.missing` without a data directory, `.locked` while the node runs, and `.safetyDamaged` when its records cannot be relied on.
  public init(path: String, network: Digest) throws(StoreError) {
    let files = FileSystem()
    directory = DataDirectory(path: path)
    guard let format = try DataFormat.read(directory.format, files) else { throw .missing(path: directory.format) }
    try format.check(directory.format, network: network)
    lock = try files.open(directory.lock, .lock)
    guard try lock.tryLock() else { throw .locked(directory: path) }
    guard files.exists(directory.chainDatabase) else { throw .missing(path: directory.chainDatabase) }
    let database = try Database(directory.chainDatabase, .chain, .writer, network: network, files: files)
    let hasBlocks = try BlockTable(database: database).newest() != nil
    let loader = SafetyLoader(
      database: database, path: directory.safetyLog, network: network, files: files, isNew: false, hasBlocks: hasBlocks)
    let loaded = try loader.load()
    highestVote = loaded.highestVote
    let floor = loaded.floor ?? .start
    switch loaded.recovery {
    case .fresh: record = SignedRecord(floor: floor)
    case .intact(let votes, _):
      record = SignedRecord(
        votes: votes.filter { ViewPosition(epoch: $0.statement.epoch, view: $0.statement.view) > floor }, floor: floor)
    case .damaged(let damage): throw .safetyDamaged(damage)
    }
  }

  /// From now on the node refuses to sign with a key of its own: another process does, and two must never.
  public func markSignedElsewhere(by key: PublicKey) throws(StoreError) { try directory.markSignedElsewhere(by: key) }
}

extension DataDirectory {
  /// Its presence says that this node's votes are signed by another process.
  public var signedElsewhere: String { path + "/signed-elsewhere" }

  /// - Parameter key: of the votes.
  public func markSignedElsewhere(by key: PublicKey, disk: any Disk = OperatingSystemDisk()) throws(StoreError) {
    guard !disk.exists(signedElsewhere) else { return }
    try FileSystem(disk: disk).replace(signedElsewhere, with: Array("\(key)\n".utf8))
  }

  public func isSignedElsewhere(disk: any Disk = OperatingSystemDisk()) -> Bool { disk.exists(signedElsewhere) }
}
