public import CairnCrypto
public import CairnIdentity
import CairnMessages
import Foundation

/// A proposal and what became of it: what its row in the state commits to. It stays for ever.
public struct ProposalRecord: Hashable, Sendable {
  /// A constitution, and the approvals of all trustees with as many keys as a DID may have.
  public static let byteLimit = 96 << 10

  public enum State: UInt8, Hashable, Sendable, CaseIterable {
    /// Until its expiry.
    case open = 1
    case enacted = 2
    case withdrawn = 3

    public var name: String { String(describing: self) }
  }

  public struct Approval: Hashable, Sendable {
    public let by: CairnDID
    /// Header time of the block; Unix time.
    public let givenMilliseconds: UInt64
    /// The trustee's update keys that signed: ascending, each once. None of them approves the proposal a second time.
    public let keys: [PublicKey]
  }

  public let id: ProposalID
  public let action: GovernanceAction
  public let proposer: CairnDID
  /// Header time of the block; Unix time.
  public let createdMilliseconds: UInt64
  public let createdHeight: UInt64
  /// Unix time.
  public let expiresMilliseconds: UInt64
  /// In the order in which they were given, each DID once. Those of DIDs that are no active trustees (any more) do not count.
  public internal(set) var approvals: [Approval]
  public internal(set) var state: State
  /// Header time of the block in which it took effect or was withdrawn; 0 as long as it is open.
  public internal(set) var closedMilliseconds: UInt64
  public internal(set) var closedHeight: UInt64

  /// Whether approvals still do something at this Unix time.
  public func isOpen(atMilliseconds time: UInt64) -> Bool { state == .open && time < expiresMilliseconds }

  public func isApproved(by did: CairnDID) -> Bool { approvals.contains { $0.by == did } }

  init(_ propose: GovernancePropose, id: ProposalID, proposer: CairnDID, createdMilliseconds: UInt64, createdHeight: UInt64) {
    (self.id, action, self.proposer) = (id, propose.action, proposer)
    (self.createdMilliseconds, self.createdHeight) = (createdMilliseconds, createdHeight)
    expiresMilliseconds = propose.expiresMilliseconds
    (approvals, state, closedMilliseconds, closedHeight) = ([], .open, 0, 0)
  }

  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoProposalRecord = try .record(bytes, limit: Self.byteLimit)
    guard let id = ProposalID(message.id) else { throw .field("id") }
    guard message.hasAction, let action = try? GovernanceAction(message.action, network: nil) else { throw .field("action") }
    guard let proposer = try? CairnDID(parsing: message.proposer) else { throw .field("proposer") }
    guard let state = UInt8(exactly: message.state.rawValue).flatMap(State.init) else { throw .field("state") }
    guard message.approvals.count <= GovernanceRecord.trusteeLimit else { throw .field("approvals") }
    var approvals: [Approval] = []
    for approval in message.approvals {
      guard let by = try? CairnDID(parsing: approval.by) else { throw .field("approvals") }
      let keys = approval.keys.compactMap { PublicKey($0) }
      guard (1...Control.keyLimit).contains(keys.count), keys.count == approval.keys.count, zip(keys, keys.dropFirst()).allSatisfy(<) else {
        throw .field("approvals")
      }
      approvals.append(Approval(by: by, givenMilliseconds: approval.givenMs, keys: keys))
    }
    guard Set(approvals.map(\.by)).count == approvals.count else { throw .field("approvals") }
    (self.id, self.action, self.proposer, self.approvals, self.state) = (id, action, proposer, approvals, state)
    (createdMilliseconds, createdHeight, expiresMilliseconds) = (message.createdMs, message.createdHeight, message.expiresMs)
    (closedMilliseconds, closedHeight) = (message.closedMs, message.closedHeight)
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoProposalRecord()
    message.id = Data(id.digest.bytes)
    message.action = action.message
    message.proposer = proposer.description
    message.createdMs = createdMilliseconds
    message.createdHeight = createdHeight
    message.expiresMs = expiresMilliseconds
    message.approvals = approvals.map { approval in
      var message = ProtoApproval()
      message.by = approval.by.description
      message.givenMs = approval.givenMilliseconds
      message.keys = approval.keys.map { Data($0.bytes) }
      return message
    }
    message.state = ProtoProposalState(rawValue: Int(state.rawValue)) ?? .unspecified
    message.closedMs = closedMilliseconds
    message.closedHeight = closedHeight
    return Canonical.encode(message)
  }
}
