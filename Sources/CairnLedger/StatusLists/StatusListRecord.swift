public import CairnCrypto
public import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation

/// A status list, or the anchor of a session batch with the statuses of its DIDs: what its row in the state commits to.
public struct StatusListRecord: Hashable, Sendable {
  /// A name, sixteen DIDs, an anchor.
  public static let byteLimit = 4 << 10

  /// What makes the DIDs of a session batch.
  public struct Sessions: Hashable, Sendable {
    /// RFC 6962 root over ``StatusListRecord/length`` canonical `DidCreate` messages.
    public let root: Digest
    /// Unix time.
    public let expiresMilliseconds: UInt64
  }

  public let list: StatusListID
  public let purpose: StatusListPurpose
  /// Bits.
  public let length: UInt32
  /// Ascending, each once.
  public internal(set) var revokers: [CairnDID]
  /// Header time of the block that made the list; Unix time.
  public let createdMilliseconds: UInt64
  public let createdHeight: UInt64
  /// Of a session batch.
  public let sessions: Sessions?

  init(
    _ list: StatusListID, purpose: StatusListPurpose, length: UInt32, revokers: [CairnDID], createdMilliseconds: UInt64,
    createdHeight: UInt64, sessions: Sessions? = nil
  ) {
    (self.list, self.purpose, self.length, self.revokers) = (list, purpose, length, revokers)
    (self.createdMilliseconds, self.createdHeight, self.sessions) = (createdMilliseconds, createdHeight, sessions)
  }

  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoStatusListRecord = try .record(bytes, limit: Self.byteLimit)
    guard let list = try? StatusListID(parsing: message.list) else { throw .field("list") }
    guard let purpose = StatusListPurpose(message.purpose) else { throw .field("purpose") }
    guard (1...StatusList.lengths.upperBound).contains(message.length) else { throw .field("length") }
    let revokers = message.revokers.compactMap { try? CairnDID(parsing: $0) }
    guard revokers.count == message.revokers.count, revokers.count <= StatusList.revokerLimit else { throw .field("revokers") }
    var sessions: Sessions?
    if message.hasSessions {
      guard let root = Digest(message.sessions.root) else { throw .field("sessions") }
      sessions = Sessions(root: root, expiresMilliseconds: message.sessions.expiresMs)
    }
    self.init(
      list, purpose: purpose, length: message.length, revokers: revokers, createdMilliseconds: message.createdMs,
      createdHeight: message.createdHeight, sessions: sessions)
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoStatusListRecord()
    message.list = list.description
    message.purpose = purpose.message
    message.length = length
    message.revokers = revokers.map(\.description)
    message.createdMs = createdMilliseconds
    message.createdHeight = createdHeight
    if let sessions {
      message.sessions.root = Data(sessions.root.bytes)
      message.sessions.expiresMs = sessions.expiresMilliseconds
    }
    return Canonical.encode(message)
  }

  /// Whether the DID may update the list.
  public func isUpdatable(by did: CairnDID) -> Bool { did == list.issuer || revokers.contains(did) }

  /// Chunks that the list has, touched or not.
  public var chunkCount: UInt32 { StatusChunk.chunk(of: length - 1) + 1 }
}

extension StatusListID {
  /// The key of the list's row in the state tree.
  public var stateKey: Digest { .stateKey(type: StateType.statusList.rawValue, id: Array(description.utf8)) }

  /// The key of the row of one of the list's chunks.
  public func chunkKey(_ chunk: UInt32) -> Digest { StatusChunk.stateKey(list: stateKey, chunk: chunk) }
}
