public import CairnCrypto
public import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation

/// Who the trustees are, and which proposals are open: an index in the state, because no row is looked for by anything but its key. So
/// one proof shows that a list of open proposals lacks none.
public struct GovernanceRecord: Hashable, Sendable {
  /// More would not agree on anything; and approvals are counted one by one.
  public static let trusteeLimit = 64
  /// Of one proposer: with it nobody fills the list alone.
  public static let openLimitByProposer = 4
  public static let openLimit = trusteeLimit * openLimitByProposer
  public static let byteLimit = 64 << 10
  /// The key of the index's row in the state tree.
  public static let stateKey = Digest.stateKey(type: StateType.proposal.rawValue, id: [])

  public struct Open: Hashable, Sendable {
    public let id: ProposalID
    public let proposer: CairnDID
    /// Unix time. The entry may still be there afterwards.
    public let expiresMilliseconds: UInt64
  }

  /// Ascending by their text. Deactivated ones are among them, but do not count.
  public private(set) var trustees: [CairnDID]
  /// Ascending by id.
  public private(set) var open: [Open]

  init(trustees: [CairnDID]) {
    (self.trustees, open) = ([], [])
    for trustee in trustees { insert(trustee) }
  }

  mutating func insert(_ trustee: CairnDID) {
    trustees.append(trustee)
    trustees.sort { $0.description.utf8.lexicographicallyPrecedes($1.description.utf8) }
  }

  mutating func remove(_ trustee: CairnDID) { trustees.removeAll { $0 == trustee } }

  mutating func insert(_ proposal: Open) {
    open.append(proposal)
    open.sort { $0.id < $1.id }
  }

  mutating func remove(_ proposal: ProposalID) { open.removeAll { $0.id == proposal } }

  mutating func removeExpired(atMilliseconds time: UInt64) { open.removeAll { $0.expiresMilliseconds <= time } }

  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoGovernanceRecord = try .record(bytes, limit: Self.byteLimit)
    guard message.trustees.count <= Self.trusteeLimit, message.open.count <= Self.openLimit else { throw .field("count") }
    let trustees = message.trustees.compactMap { try? CairnDID(parsing: $0) }
    guard trustees.count == message.trustees.count,
      zip(message.trustees, message.trustees.dropFirst()).allSatisfy({ $0.utf8.lexicographicallyPrecedes($1.utf8) })
    else { throw .field("trustees") }
    var open: [Open] = []
    for entry in message.open {
      guard let id = ProposalID(entry.id), let proposer = try? CairnDID(parsing: entry.proposer), open.last.map({ $0.id < id }) ?? true
      else { throw .field("open") }
      open.append(Open(id: id, proposer: proposer, expiresMilliseconds: entry.expiresMs))
    }
    (self.trustees, self.open) = (trustees, open)
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoGovernanceRecord()
    message.trustees = trustees.map(\.description)
    message.open = open.map { proposal in
      var message = ProtoOpenProposal()
      message.id = Data(proposal.id.digest.bytes)
      message.proposer = proposal.proposer.description
      message.expiresMs = proposal.expiresMilliseconds
      return message
    }
    return Canonical.encode(message)
  }
}
