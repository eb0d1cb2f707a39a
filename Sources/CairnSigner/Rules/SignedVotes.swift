public import CairnChain
public import CairnStore

/// Everything that a key has signed, as far back as anybody still asks, and what it may sign next.
///
/// The rules are those of the consensus document (R2–R4), kept here from the signer's own record alone: whatever the node that asks
/// believes, forgot, or was made to say.
///
/// - At most one Notarize, one Nullify and one Finalize of a view.
/// - Never Nullify and Finalize of one view, and never Notarize and Finalize of different blocks.
/// - No Notarize after Nullify.
/// - The same statement again gets the same signature: a node that was not told of it asks again.
/// - Nothing at or below the floor, where records were dropped: what was signed there is not known any more.
public struct SignedVotes: Sendable {
  /// Views of an epoch below the highest that was signed in of which the votes are kept. A Finalize may be that late (R4) while nothing
  /// becomes final; with time-outs at their longest that is hours.
  public static let retainedViews: UInt64 = 1_024

  public private(set) var floor: ViewPosition
  /// The last that was signed in.
  public private(set) var highest: ViewPosition?
  private var votes: [ViewPosition: [Vote]] = [:]

  public enum Judgement: Equatable, Sendable {
    case allowed
    /// Signed before: this is the vote.
    case again(Vote)
    case refused(SigningRefusal)
  }

  public init(_ record: SignedRecord) {
    floor = record.floor
    for vote in record.votes { add(vote) }
  }

  public func judge(_ statement: Statement) -> Judgement {
    let position = ViewPosition(statement)
    guard position.isRecordable else { return .refused(.outOfRange) }
    guard position > floor else { return .refused(.belowFloor) }
    let earlier = votes[position] ?? []
    if let same = earlier.first(where: { $0.statement == statement }) { return .again(same) }
    if earlier.contains(where: { $0.statement.kind == statement.kind || $0.statement.conflicts(with: statement) }) {
      return .refused(.conflict)
    }
    if statement.kind == .notarize, earlier.contains(where: { $0.statement.kind == .nullify }) { return .refused(.afterNullify) }
    return .allowed
  }

  /// Whether a vote with this key's signature is one that the record should have, and does not: then the record is an older copy.
  public func lacks(_ vote: Vote) -> Bool {
    let position = ViewPosition(vote.statement)
    return position > floor && votes[position]?.contains { $0.statement == vote.statement } != true
  }

  /// A vote that was signed. The floor follows the highest view.
  public mutating func add(_ vote: Vote) {
    let position = ViewPosition(vote.statement)
    votes[position, default: []].append(vote)
    guard highest.map({ position > $0 }) ?? true else { return }
    highest = position
    guard let next = position.floor(retaining: Self.retainedViews), next > floor else { return }
    floor = next
    votes = votes.filter { $0.key > next }
  }
}

extension ViewPosition {
  public init(_ statement: Statement) { self.init(epoch: statement.epoch, view: statement.view) }
}
