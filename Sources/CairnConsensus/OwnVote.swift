import CairnChain
import CairnCrypto

/// A vote of ours, from the request for its signature on. It excludes what it excludes from the first moment: a signer that was
/// asked may have signed, whatever it answered.
struct OwnVote: Sendable {
  enum Progress: Sendable {
    case requested
    /// The signer refused; a Nullify is asked for again.
    case failed
    /// Signed, and not yet on stable storage.
    case signed(Verified<Vote>)
    /// On stable storage: sent, and counted.
    case published(Verified<Vote>)
  }

  let statement: Statement
  var progress = Progress.requested

  var published: Verified<Vote>? {
    if case .published(let vote) = progress { vote } else { nil }
  }
}

/// Our votes in one view.
struct OwnVotes: Sendable {
  private var votes: [OwnVote] = []

  subscript(kind: Statement.Kind) -> OwnVote? { votes.first { $0.statement.kind == kind } }

  var statements: [Statement] { votes.map(\.statement) }
  /// What peers may see.
  var published: [Verified<Vote>] { votes.compactMap(\.published) }

  /// The safety argument rests on this: at most one statement of a kind, and none that excludes another.
  func permits(_ statement: Statement) -> Bool {
    permitsRestored(statement) && !(statement.kind == .notarize && self[.nullify] != nil)
  }

  /// What may be on record together. The order of the records is not known, so Notarize and Nullify may both be there.
  func permitsRestored(_ statement: Statement) -> Bool {
    votes.allSatisfy { $0.statement.kind != statement.kind && !$0.statement.conflicts(with: statement) }
  }

  /// A vote that is on record.
  mutating func restore(_ vote: Verified<Vote>) {
    votes.append(OwnVote(statement: vote.value.statement, progress: .published(vote)))
  }

  private static var mayContradict: Bool {
    PlantedBug.notarizeAfterNullify.isPlanted || PlantedBug.finalizeAfterNullify.isPlanted
  }

  mutating func add(_ statement: Statement) {
    precondition(permits(statement) || Self.mayContradict, "two statements that exclude each other: \(statement) after \(statements)")
    votes.append(OwnVote(statement: statement))
  }

  /// - Returns: false when the statement was never asked for.
  mutating func update(_ statement: Statement, to progress: OwnVote.Progress) -> Bool {
    guard let index = votes.firstIndex(where: { $0.statement == statement }) else { return false }
    votes[index].progress = progress
    return true
  }
}
