public import CairnChain
public import CairnCrypto

/// The names of everything that a remote signer records, in a directory which its owner alone can enter.
public struct SignerDirectory: Hashable, Sendable {
  /// Raised when a file changes its meaning; an older program refuses a newer directory.
  static let formatVersion = 1

  public let path: String

  public init(path: String) { self.path = path }

  /// The records.
  public var votesDatabase: String { path + "/votes.db" }
  /// Their second copy.
  public var safetyLog: String { path + "/safety.log" }
  /// Held by the process that has the directory open.
  public var lock: String { path + "/lock" }
  /// Written last when a directory is set up: version, network and key.
  public var format: String { path + "/format" }

  /// The network and the public key that the directory was set up for; `nil` before it was.
  public func owner() throws(StoreError) -> (network: Digest, key: PublicKey)? {
    try SignerFormat.read(format, FileSystem()).map { ($0.network, $0.key) }
  }

  /// What is on record, read beside the signer that may have it open. Damage is not looked for.
  public func summary() throws(StoreError) -> SignerSummary {
    let files = FileSystem()
    guard let owner = try owner() else { throw .missing(path: format) }
    let database = try Database(votesDatabase, .votes, .reader, network: owner.network, files: files)
    let state = try SafetyTable(database: database, network: owner.network).read().state
    // Held for this moment alone.
    let isRunning = try !files.open(lock, .lock).tryLock()
    return SignerSummary(
      network: owner.network, key: owner.key, isRunning: isRunning, lastSequence: state.rows.lastSequence,
      highestVote: state.highestVote, floor: state.rows.floor ?? .start)
  }
}

/// What a signer's directory says.
public struct SignerSummary: Sendable {
  public let network: Digest
  public let key: PublicKey
  /// Another process has it open.
  public let isRunning: Bool
  /// Of the newest record, ever.
  public let lastSequence: UInt64
  public let highestVote: Vote?
  public let floor: ViewPosition
}

/// The content of the format file: one line, `cairn-signer VERSION NETWORK KEY`.
struct SignerFormat: Equatable {
  private static let byteLimit = 256
  var version = SignerDirectory.formatVersion
  let network: Digest
  let key: PublicKey

  init(network: Digest, key: PublicKey) { (self.network, self.key) = (network, key) }

  var bytes: [UInt8] { Array("cairn-signer \(version) \(network) \(key)\n".utf8) }

  /// `nil` when there is none yet.
  static func read(_ path: String, _ files: FileSystem) throws(StoreError) -> SignerFormat? {
    let bytes: [UInt8]
    do { bytes = try files.open(path, .read).readAll(limit: byteLimit) } catch .missing { return nil }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 4, words[0] == "cairn-signer", let version = Int(words[1]), let network = Digest(hex: String(words[2])),
      let key = Hex.decode(String(words[3])).flatMap({ PublicKey($0) })
    else { throw .corrupt(table: "format", key: path) }
    var format = SignerFormat(network: network, key: key)
    format.version = version
    return format
  }

  func check(_ path: String, network expected: Digest, key: PublicKey) throws(StoreError) {
    guard version == SignerDirectory.formatVersion else {
      throw .schemaVersion(path: path, found: version, expected: SignerDirectory.formatVersion)
    }
    guard network == expected else { throw .wrongNetwork(path: path, found: network, expected: expected) }
    guard self.key == key else { throw .wrongKey(path: path, found: self.key, expected: key) }
  }
}
