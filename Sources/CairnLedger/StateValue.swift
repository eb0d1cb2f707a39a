public import CairnCrypto
public import CairnIdentity
import CairnMerkle
import CairnMessages

/// What a row of the state tree is about.
public enum StateType: UInt8, Hashable, Sendable, CaseIterable {
  case did = 1
  case roles = 2
  case parameters = 3
  case statusList = 4
  case statusChunk = 5
  case contract = 6
  case isolation = 7
  case constitution = 8
  case proposal = 9
  case access = 10
  case evidence = 11
  case contractVersion = 12
  case validators = 13
}

/// The value of a row of the state tree.
public struct StateValue: Hashable, Sendable {
  static let byteLimit = StateTree.valueLimit
  private static let tombstone: UInt32 = 1

  public let type: StateType
  /// Log index of the entry that last changed the row.
  public let changedAt: UInt64
  /// H of the record's bytes.
  public let recordHash: Digest
  /// A deactivated DID.
  public let isTombstone: Bool

  public init(type: StateType, changedAt: UInt64, recordHash: Digest, isTombstone: Bool = false) {
    (self.type, self.changedAt, self.recordHash, self.isTombstone) = (type, changedAt, recordHash, isTombstone)
  }

  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoStateValue = try .record(bytes, limit: Self.byteLimit)
    guard let type = UInt8(exactly: message.type.rawValue).flatMap(StateType.init) else { throw .field("type") }
    guard let recordHash = Digest(message.recordHash) else { throw .field("record_hash") }
    guard message.flags & ~Self.tombstone == 0 else { throw .field("flags") }
    self.init(type: type, changedAt: message.changedAt, recordHash: recordHash, isTombstone: message.flags != 0)
  }

  /// Whether a row's value, which the state has and so is canonical, is of the type: read off its first field, because whoever looks for one
  /// kind of rows among all decodes no others.
  static func isOf(_ type: StateType, _ bytes: [UInt8]) -> Bool { bytes.starts(with: [1 << 3, type.rawValue]) }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var writer = WireWriter(capacity: 50)
    writer.field(1, UInt64(type.rawValue))
    writer.field(2, changedAt)
    writer.field(3, recordHash.bytes)
    writer.field(4, isTombstone ? UInt64(Self.tombstone) : 0)
    return writer.bytes
  }
}

extension CairnDID {
  /// The key of the DID's row in the state tree.
  public var stateKey: Digest { .stateKey(type: StateType.did.rawValue, id: Array(description.utf8)) }

  /// The key of the row that holds the DID's roles.
  public var rolesKey: Digest { .stateKey(type: StateType.roles.rawValue, id: Array(description.utf8)) }
}
