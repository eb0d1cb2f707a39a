public import CairnCrypto
public import CairnIdentity
import CairnMessages
import Foundation

/// Makes a status list, every bit clear. The submitter is the list's issuer.
public struct StatusListCreate: Hashable, Sendable {
  public let purpose: StatusListPurpose
  /// Bits.
  public let length: UInt32
  /// Ascending, each once. They may update the list too.
  public let revokers: [CairnDID]

  init(_ message: ProtoStatusListCreate, network: Digest) throws(OperationError) {
    guard let purpose = StatusListPurpose(message.purpose) else { throw .malformed("purpose") }
    guard StatusList.lengths.contains(message.length) else { throw .listLength(message.length) }
    (self.purpose, length) = (purpose, message.length)
    revokers = try StatusList.revokers(message.revokers, network: network)
  }
}

/// Sets and clears bits. Absolute, so that it may be repeated.
public struct StatusListUpdate: Hashable, Sendable {
  /// Ascending, each once.
  public let set: [UInt32]
  /// Ascending, each once, none of them in ``set``.
  public let clear: [UInt32]

  init(_ message: ProtoStatusListUpdate) throws(OperationError) {
    let count = message.set.count + message.clear.count
    guard (1...StatusList.updateLimit).contains(count) else { throw .indexCount(count) }
    guard message.set.isStrictlyAscending else { throw .malformed("set") }
    guard message.clear.isStrictlyAscending else { throw .malformed("clear") }
    (set, clear) = (message.set, message.clear)
    guard Set(set).isDisjoint(with: clear) else { throw .malformed("clear") }
  }

  /// The bits of one chunk, as positions in it.
  struct ChunkChange {
    let chunk: UInt32
    var set: [Int] = []
    var clear: [Int] = []
  }

  /// Ascending by chunk.
  var changes: [ChunkChange] {
    var changes: [UInt32: ChunkChange] = [:]
    func change(_ index: UInt32, _ list: WritableKeyPath<ChunkChange, [Int]>) {
      let chunk = StatusChunk.chunk(of: index)
      changes[chunk, default: ChunkChange(chunk: chunk)][keyPath: list].append(StatusChunk.position(of: index))
    }
    for index in set { change(index, \.set) }
    for index in clear { change(index, \.clear) }
    return changes.values.sorted { $0.chunk < $1.chunk }
  }
}

/// Replaces the revokers. The submitter is the list's issuer.
public struct StatusListDelegate: Hashable, Sendable {
  /// Ascending, each once.
  public let revokers: [CairnDID]

  init(_ message: ProtoStatusListDelegate, network: Digest) throws(OperationError) {
    revokers = try StatusList.revokers(message.revokers, network: network)
  }
}

/// Anchors any number of short-lived DIDs at once, each with one bit of a revocation list.
public struct SessionBatchCreate: Hashable, Sendable {
  static let domain = Domain("cairn/session-batch/v1")
  public static let saltByteCount = 16
  /// A session is a matter of hours; a month leaves room for whoever cannot come back daily.
  public static let lifetimeLimitMilliseconds: UInt64 = 31 * 86_400_000

  public let controller: CairnDID
  /// RFC 6962 root over the canonical `DidCreate` messages.
  public let root: Digest
  public let count: UInt32
  /// Unix time.
  public let expiresMilliseconds: UInt64
  public let salt: [UInt8]
  /// Ascending, each once.
  public let revokers: [CairnDID]

  init(_ message: ProtoSessionBatchCreate, network: Digest) throws(OperationError) {
    guard let controller = try? CairnDID(parsing: message.controller) else { throw .malformed("controller") }
    guard controller.isOf(network: network) else { throw .foreignDID }
    guard let root = Digest(message.root) else { throw .malformed("root") }
    guard (1...StatusList.lengths.upperBound).contains(message.count) else { throw .listLength(message.count) }
    guard message.salt.count == Self.saltByteCount else { throw .malformed("salt") }
    (self.controller, self.root, count, expiresMilliseconds) = (controller, root, message.count, message.expiresMs)
    salt = [UInt8](message.salt)
    revokers = try StatusList.revokers(message.revokers, network: network)
  }

  /// The list of the statuses of the batch that a message makes.
  static func list(_ message: ProtoSessionBatchCreate, controller: CairnDID) -> StatusListID {
    StatusListID(issuer: controller, sessions: .sha256(domain, Canonical.encode(message)))
  }
}

/// What all status lists have in common.
public enum StatusList {
  /// Bits of a list: as many as the herd privacy of Bitstring Status List 1.0 asks for at least, and as many chunks at most as one update
  /// can touch in a few milliseconds.
  public static let lengths: ClosedRange<UInt32> = 131_072...2_097_152
  /// Indices of one update; about as many as fit into a transaction.
  public static let updateLimit = 16_384
  /// On-call rotations of a large organization; more belong behind one DID.
  public static let revokerLimit = 16

  static func revokers(_ texts: [String], network: Digest) throws(OperationError) -> [CairnDID] {
    guard texts.count <= revokerLimit else { throw .malformed("revokers") }
    var revokers: [CairnDID] = []
    for text in texts {
      guard let did = try? CairnDID(parsing: text) else { throw .malformed("revokers") }
      guard did.isOf(network: network) else { throw .foreignDID }
      revokers.append(did)
    }
    // One network and one length: the order of the texts is the order of their bytes.
    guard zip(texts, texts.dropFirst()).allSatisfy({ $0.utf8.lexicographicallyPrecedes($1.utf8) }) else { throw .malformed("revokers") }
    return revokers
  }
}

extension StatusListPurpose {
  init?(_ message: ProtoStatusPurpose) {
    guard let purpose = UInt8(exactly: message.rawValue).flatMap(StatusListPurpose.init) else { return nil }
    self = purpose
  }

  var message: ProtoStatusPurpose { ProtoStatusPurpose(rawValue: Int(rawValue)) ?? .unspecified }
}

extension [UInt32] {
  fileprivate var isStrictlyAscending: Bool { zip(self, dropFirst()).allSatisfy(<) }
}
