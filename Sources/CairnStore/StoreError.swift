public import CairnCrypto

/// Why the store cannot do what it was asked to.
///
/// Every one of them ends the process with a clear message: none is retried in place, because after a failed write or sync
/// nobody knows what is on the disk. A writer that has thrown one throws it again whatever it is asked.
public enum StoreError: Error, Equatable, Sendable {
  /// The operating system or SQLite failed to read, write, sync, open or rename.
  case io(path: String, detail: String)
  /// No space left on the device, or the file may not grow.
  case full(path: String)
  /// What was read is not what was written: a checksum or hash that does not match, or a broken database.
  case corrupt(table: String, key: String)
  /// SQLite would read something else than what was committed, or finds a page, an index or a look-up that contradicts the rest.
  case damaged(file: String, String)
  /// Somebody else holds a lock on the database for longer than any of ours does.
  case busy(path: String)
  /// Another process has this data directory open.
  case locked(directory: String)
  /// The file was written by another version of this program, or is something else altogether.
  case schemaVersion(path: String, found: Int, expected: Int)
  /// The data directory belongs to another network.
  case wrongNetwork(path: String, found: Digest?, expected: Digest)
  /// The record of a remote signer is another key's.
  case wrongKey(path: String, found: PublicKey, expected: PublicKey)
  /// There is one already where one was to be made.
  case alreadySetUp(path: String)
  /// It lies in the part of the chain that this node, which began with a snapshot, has not got.
  ///
  /// - Parameter from: height of the first block that it has after that part.
  case historyNotHeld(from: UInt64)
  /// A file that must be there is not.
  case missing(path: String)
  /// A statement of the database's own schema refused the row: for votes, one that excludes another of this node's.
  case constraint(table: String, detail: String)
  /// The block does not follow the last one.
  case notLinked(height: UInt64, link: BrokenLink)
  /// This node may not vote: its safety records are damaged.
  case safetyDamaged(SafetyDamage)
  /// More than the named limit allows.
  case tooLarge(what: String, limit: Int, actual: Int)
  /// A number that the file format has no room for.
  case outOfRange(what: String)

  /// What does not continue the chain.
  public enum BrokenLink: String, Hashable, Sendable {
    case network, height, parent, logSize = "log_size", logRoot = "log_root"
  }

  /// Whether it is about what is derived from `chain.db`, and can be made again from it.
  public var isAboutDerivedData: Bool {
    switch self {
    case .corrupt(let table, _): Self.derivedTables.contains(table)
    case .damaged(let file, _): Self.derivedTables.contains(file)
    default: false
    }
  }

  private static let derivedTables: Set<String> = [
    "state.db", "leaf", "leaf_position", "superseded", "superseded_position", "state_head", "index.db", "posting", "index_head",
  ]

  /// Machine readable; a metric label and a log field.
  public var reason: String {
    switch self {
    case .io: "io"
    case .full: "full"
    case .corrupt, .damaged: "corrupt"
    case .busy: "busy"
    case .locked: "locked"
    case .schemaVersion: "schema_version"
    case .wrongNetwork: "wrong_network"
    case .wrongKey: "wrong_key"
    case .alreadySetUp: "already_set_up"
    case .historyNotHeld: "history_not_held"
    case .missing: "missing"
    case .constraint: "constraint"
    case .notLinked: "not_linked"
    case .safetyDamaged: "safety_damaged"
    case .tooLarge: "too_large"
    case .outOfRange: "out_of_range"
    }
  }
}

extension StoreError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .io(let path, let detail): "\(path): \(detail)"
    case .full(let path): "\(path): no space left"
    case .corrupt(let table, let key): "\(table): the row of \(key) is damaged"
    case .damaged(let file, let detail): "\(file): \(detail)"
    case .busy(let path): "\(path): locked by another process"
    case .locked(let directory): "\(directory): another process has this directory open"
    case .schemaVersion(let path, let found, let expected): "\(path): has format \(found), this program reads format \(expected)"
    case .wrongNetwork(let path, let found, let expected):
      "\(path): belongs to network \(found.map(\.description) ?? "unknown"), not to \(expected)"
    case .wrongKey(let path, let found, let expected): "\(path): is about what the key \(found) signed, not \(expected)"
    case .alreadySetUp(let path): "\(path): is set up already"
    case .historyNotHeld(let height): "this node has the chain from block \(height) on, and not what was before"
    case .missing(let path): "\(path): missing"
    case .constraint(let table, let detail): "\(table): refused: \(detail)"
    case .notLinked(let height, let link): "block \(height) does not follow the last one: \(link.rawValue)"
    case .safetyDamaged(let damage): "this node may not vote: \(damage)"
    case .tooLarge(let what, let limit, let actual): "\(what): \(actual) is more than \(limit)"
    case .outOfRange(let what): "\(what): out of range"
    }
  }
}
