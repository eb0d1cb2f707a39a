public import CairnCrypto

/// The names of everything in a node's data directory, which its owner alone can enter.
public struct DataDirectory: Hashable, Sendable {
  /// Raised when a file changes its meaning; an older program refuses a newer directory.
  public static let formatVersion = 1

  public let path: String

  public init(path: String) { self.path = path }

  /// Blocks, certificates and safety records.
  public var chainDatabase: String { path + "/chain.db" }
  /// The state's rows and records.
  public var stateDatabase: String { path + "/state.db" }
  /// Look-ups that can be dropped and made again.
  public var indexDatabase: String { path + "/index.db" }
  /// Snapshots of the state that were made here, and the one that is being fetched.
  public var snapshots: String { path + "/snapshots" }
  /// What was fetched and verified so far of a snapshot; becomes `state.db` when it is complete.
  var incomingSnapshot: String { snapshots + "/incoming.db" }
  /// The second copy of the safety records.
  public var safetyLog: String { path + "/safety.log" }
  /// Held by the process that has the directory open.
  public var lock: String { path + "/lock" }
  /// Written last when a directory is set up: version and network.
  public var format: String { path + "/format" }

  /// Its presence says that `state.db` and `index.db` are to be made again: one of them was found damaged while the node ran.
  public var rebuild: String { path + "/rebuild" }

  /// The network that the directory was set up for; `nil` before it was.
  public func network() throws(StoreError) -> Digest? { try DataFormat.read(format, FileSystem())?.network }

  /// A reader beside, or without, the process that has the directory open.
  public func chainReader(network: Digest) throws(StoreError) -> ChainReader {
    try ChainReader(path: chainDatabase, network: network, files: FileSystem())
  }
}

/// The content of the format file: one line, `cairn-data VERSION NETWORK`.
struct DataFormat: Equatable {
  private static let byteLimit = 256
  let version: Int
  let network: Digest

  var bytes: [UInt8] { Array("cairn-data \(version) \(network)\n".utf8) }

  /// `nil` when there is none yet.
  static func read(_ path: String, _ files: FileSystem) throws(StoreError) -> DataFormat? {
    let bytes: [UInt8]
    do { bytes = try files.open(path, .read).readAll(limit: byteLimit) } catch .missing { return nil }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 3, words[0] == "cairn-data", let version = Int(words[1]), let network = Digest(hex: String(words[2])) else {
      throw .corrupt(table: "format", key: path)
    }
    let format = DataFormat(version: version, network: network)
    guard format.bytes == bytes else { throw .corrupt(table: "format", key: path) }
    return format
  }

  func check(_ path: String, network expected: Digest) throws(StoreError) {
    guard version == DataDirectory.formatVersion else {
      throw .schemaVersion(path: path, found: version, expected: DataDirectory.formatVersion)
    }
    guard network == expected else { throw .wrongNetwork(path: path, found: network, expected: expected) }
  }
}
