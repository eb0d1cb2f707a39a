public import CairnChain
public import CairnCrypto
public import CairnStore
import Synchronization

/// A validator's key, and the record of what it signed. Nothing signed leaves it before the record of it is on stable storage.
///
/// What is signed is built here from a statement's parts: no caller chooses bytes.
public final class Signer: Sendable {
  public let network: Digest
  public let publicKey: PublicKey
  private let key: SigningKey
  private let store: SignerStore
  private let state: Mutex<State>

  private struct State {
    var votes: SignedVotes
    /// The record is an older copy.
    var isStale = false
  }

  public typealias Answer = Result<Signature, SigningRefusal>

  /// Throws `.safetyDamaged` when the record cannot be relied on.
  public init(network: Digest, key: SigningKey, store: SignerStore) throws(StoreError) {
    (self.network, self.key, self.store) = (network, key, store)
    publicKey = key.publicKey
    switch store.recovery {
    case .fresh: state = Mutex(State(votes: SignedVotes(SignedRecord(floor: store.floor))))
    case .intact(let votes, _): state = Mutex(State(votes: SignedVotes(SignedRecord(votes: votes, floor: store.floor))))
    case .damaged(let damage): throw .safetyDamaged(damage)
    }
  }

  /// The last view that was signed in.
  public var highest: ViewPosition? { state.withLock { $0.votes.highest } }

  /// Lets another process open the record. Nothing is signed afterwards.
  func close() { store.close() }

  /// Signs what may be signed, in this order; one write for all. Call it on a thread that may wait for the disk.
  ///
  /// - Returns: an answer for each statement. When it throws nothing was signed, and nothing will be any more.
  public func sign(_ statements: [Statement]) throws(StoreError) -> [Answer] {
    try state.withLock { state throws(StoreError) in
      guard !state.isStale else { return statements.map { _ in .failure(.recordStale) } }
      var votes = state.votes
      var added: [Vote] = []
      let answers = statements.map { statement -> Answer in
        switch votes.judge(statement) {
        case .again(let vote): return .success(vote.signature)
        case .refused(let refusal): return .failure(refusal)
        case .allowed:
          // Which index the key has in an epoch is the node's knowledge, and is not signed.
          let vote = Vote(statement: statement, validator: 0, signature: key.signature(for: statement.signedBytes(network: network)))
          votes.add(vote)
          added.append(vote)
          return .success(vote.signature)
        }
      }
      if !added.isEmpty { try store.write(added, floor: votes.floor) }
      state.votes = votes
      return answers
    }
  }

  /// Holds the record against the highest vote that a node remembers. One that this key signed and that the record lacks shows that the
  /// record is an older copy: from then on nothing is signed, until an operator says above which view it may be.
  ///
  /// - Returns: whether the record can be relied on.
  public func isCurrent(rememberedBy vote: Vote?) -> Bool {
    state.withLock { state in
      if let vote, publicKey.isValid(vote.signature, for: vote.statement.signedBytes(network: network)), state.votes.lacks(vote) {
        state.isStale = true
      }
      return !state.isStale
    }
  }
}
