public import CairnCrypto
import CairnMessages
import Foundation

/// The header of a block: the last entry of its block, and what a vote is about.
///
/// Immutable, and made with its encoding and digest, so that no two places can disagree about either.
public struct Header: Hashable, Sendable {
  public static let version: UInt32 = 1
  public static let domain = Domain("cairn/header/v1")
  /// Six digests and seven varints come to 267 bytes at most; the rest is room for a later version.
  public static let byteLimit = 512

  /// What a header says.
  public struct Fields: Hashable, Sendable {
    public var network: Digest
    public var epoch: UInt64
    /// The view in which the block was first proposed.
    public var view: UInt64
    public var height: UInt64
    /// Unix time in milliseconds, above the parent's.
    public var timeMilliseconds: UInt64
    /// Digest of the parent header; zero in the genesis block.
    public var parent: Digest
    /// This header's own index in the log.
    public var logSize: UInt64
    /// RFC 6962 root over the first `logSize` entries, this block's transactions included.
    public var logRoot: Digest
    /// Root of the state tree after this block.
    public var stateRoot: Digest
    /// Hash of the epoch's validator set.
    public var validatorsHash: Digest
    /// Index in the epoch's validator set.
    public var proposer: UInt32
    /// Only in an epoch's last header.
    public var nextValidatorsHash: Digest?

    public init(
      network: Digest, epoch: UInt64, view: UInt64, height: UInt64, timeMilliseconds: UInt64, parent: Digest, logSize: UInt64,
      logRoot: Digest, stateRoot: Digest, validatorsHash: Digest, proposer: UInt32, nextValidatorsHash: Digest? = nil
    ) {
      self.network = network
      self.epoch = epoch
      self.view = view
      self.height = height
      self.timeMilliseconds = timeMilliseconds
      self.parent = parent
      self.logSize = logSize
      self.logRoot = logRoot
      self.stateRoot = stateRoot
      self.validatorsHash = validatorsHash
      self.proposer = proposer
      self.nextValidatorsHash = nextValidatorsHash
    }
  }

  public let fields: Fields
  /// The canonical encoding.
  public let bytes: [UInt8]
  /// H("cairn/header/v1" || 0x00 || bytes).
  public let digest: Digest

  public init(_ fields: Fields) {
    var message = ProtoHeader()
    message.version = Self.version
    message.network = Data(fields.network.bytes)
    message.epoch = fields.epoch
    message.view = fields.view
    message.height = fields.height
    message.timeMs = fields.timeMilliseconds
    message.parent = Data(fields.parent.bytes)
    message.logSize = fields.logSize
    message.logRoot = Data(fields.logRoot.bytes)
    message.stateRoot = Data(fields.stateRoot.bytes)
    message.validatorsHash = Data(fields.validatorsHash.bytes)
    message.proposer = fields.proposer
    if let next = fields.nextValidatorsHash { message.nextValidatorsHash = Data(next.bytes) }
    self.fields = fields
    bytes = Canonical.encode(message)
    digest = .sha256(Self.domain, bytes)
  }

  /// - Parameter bytes: from a peer, a client or a file.
  public init(decoding bytes: [UInt8]) throws(ChainError) {
    let message: ProtoHeader
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .encoding(error) }
    guard message.version == Self.version else { throw .version(message.version) }
    fields = Fields(
      network: try Self.digest(message.network, "network"), epoch: message.epoch, view: message.view, height: message.height,
      timeMilliseconds: message.timeMs, parent: try Self.digest(message.parent, "parent"), logSize: message.logSize,
      logRoot: try Self.digest(message.logRoot, "log_root"), stateRoot: try Self.digest(message.stateRoot, "state_root"),
      validatorsHash: try Self.digest(message.validatorsHash, "validators_hash"), proposer: message.proposer,
      nextValidatorsHash: message.nextValidatorsHash.isEmpty ? nil : try Self.digest(message.nextValidatorsHash, "next_validators_hash"))
    self.bytes = bytes
    digest = .sha256(Self.domain, bytes)
  }

  private static func digest(_ data: Data, _ field: String) throws(ChainError) -> Digest {
    guard let digest = Digest(data) else { throw .field(field) }
    return digest
  }

  public static func == (left: Header, right: Header) -> Bool { left.digest == right.digest }
  public func hash(into hasher: inout Hasher) { hasher.combine(digest) }

  public var network: Digest { fields.network }
  public var epoch: UInt64 { fields.epoch }
  public var view: UInt64 { fields.view }
  public var height: UInt64 { fields.height }
  public var timeMilliseconds: UInt64 { fields.timeMilliseconds }
  public var parent: Digest { fields.parent }
  public var logSize: UInt64 { fields.logSize }
  public var logRoot: Digest { fields.logRoot }
  public var stateRoot: Digest { fields.stateRoot }
  public var validatorsHash: Digest { fields.validatorsHash }
  public var proposer: UInt32 { fields.proposer }
}
