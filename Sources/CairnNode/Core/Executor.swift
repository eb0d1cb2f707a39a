import CairnChain
import CairnConsensus
import CairnCrypto
import CairnIdentity
import CairnLedger

/// Executes blocks, each on the version of its parent, and keeps the versions that may still become final.
struct Executor {
  /// The ledger after a block, and what the block did.
  struct Version {
    let state: LedgerState
    let rows: [StateRow]
    let superseded: [SupersededRecord]
    /// Of the block's transactions; the header's is not among them.
    let leafHashes: [Digest]
    let transactionIDs: [Digest]
  }

  /// What became of the transactions that a leader looked at.
  struct Built {
    let block: Block
    /// Those that can never be applied on top of the parent.
    let refused: [Digest]
  }

  /// How many ordinary transactions a block gets; at least one.
  struct OrdinaryLimit {
    /// In a block without transactions of the defence lane.
    let alone: Int
    /// In one with them.
    let besideDefence: Int

    static let none = OrdinaryLimit(alone: .max, besideDefence: .max)
    /// While the defence lane is in use: the other validators may have to check all their signatures before they vote, and the transaction
    /// that comes next waits for this block. What is in a hurry itself waits for hardly more than itself.
    static let alert = OrdinaryLimit(alone: 16, besideDefence: 2)
  }

  /// The version of the last finalized block.
  private(set) var finalized: LedgerState
  /// Executed blocks above the last finalized one, by header digest.
  private var versions: [Digest: Version] = [:]
  /// Rows that blocks changed since somebody asked.
  private var changedKeys: Set<Digest> = []

  init(finalized: LedgerState) { self.finalized = finalized }

  func state(after digest: Digest) -> LedgerState? {
    digest == finalized.header.digest ? finalized : versions[digest]?.state
  }

  /// Seals a block of waiting transactions, as many as apply and fit: first those of the defence lane, up to half of the block, so that
  /// neither lane shuts the other out; then the others, oldest first.
  ///
  /// - Parameters:
  ///   - now: Unix time in milliseconds.
  ///   - ordinaryLimit: of the transactions that are not of the defence lane.
  ///   - isTimeOver: asked when the block has a transaction already; it then gets no more ordinary ones.
  /// - Returns: `nil` when the parent was not executed here, or when nothing applies and an empty block is not wanted.
  mutating func build(
    _ request: BuildRequest, from mempool: Mempool, now: UInt64, ordinaryLimit: OrdinaryLimit = .none,
    until isTimeOver: () -> Bool = { false }
  ) throws(NodeFailure) -> Built? {
    guard let parent = state(after: request.parent), parent.epoch == request.epoch else { return nil }
    var execution = BlockExecution(on: parent, timeMilliseconds: max(request.earliestTimeMilliseconds, parent.timeMilliseconds + 1, now))
    var transactions: [Authorized<Transaction>] = []
    var refused: [Digest] = []
    var fault: LedgerFault?
    func goesOn(after transaction: Authorized<Transaction>) -> Bool {
      do throws(TransactionError) {
        try execution.apply(transaction)
        transactions.append(transaction)
      } catch {
        // What the block cannot afford waits for the next, and others need not wait with it.
        if case .blockFull = error { return execution.hasRoom(for: transaction.value) }
        if case .unavailable(let unavailable) = error {
          fault = unavailable
          return false
        }
        if error.isFinal { refused.append(transaction.value.id) }
      }
      return true
    }
    let reserved = Int(parent.parameters.maxBlockBytes) / 2
    mempool.visitDefence { goesOn(after: $0) && execution.byteCount < reserved }
    let urgentCount = execution.count
    let limit = urgentCount > 0 ? ordinaryLimit.besideDefence : ordinaryLimit.alone
    if fault == nil {
      // What waits may be in an ancestor already, or not apply yet: that neither counts nor takes long.
      mempool.visitOrdinary { transaction in
        let isEnough = execution.count > 0 && isTimeOver() || execution.count - urgentCount >= limit
        return !isEnough && goesOn(after: transaction)
      }
    }
    if let fault { throw .ledger(fault) }
    guard request.mayBeEmpty || !transactions.isEmpty else { return nil }
    let executed = execution.finish()
    let header = executed.header(view: request.view, proposer: UInt32(request.proposer))
    guard let state = try? executed.sealed(with: header) else { preconditionFailure("a block agrees with the header made from it") }
    remember(state, executed, transactions)
    return Built(block: Block(header: header, transactions: transactions.map(\.value.bytes)), refused: refused)
  }

  /// Executes a block that another validator made, and compares what it says with what comes out.
  ///
  /// - Throws: when this node cannot read its own state, which is no verdict about the block.
  mutating func execute(_ block: Block, transactions: [Authorized<Transaction>]) throws(NodeFailure) -> ExecutionVerdict {
    guard let parent = state(after: block.header.parent) else { return .invalid(reason: "unknown_parent") }
    var execution = BlockExecution(on: parent, timeMilliseconds: block.header.timeMilliseconds)
    do throws(TransactionError) {
      for transaction in transactions { try execution.apply(transaction) }
    } catch {
      if case .unavailable(let fault) = error { throw .ledger(fault) }
      return .invalid(reason: error.reason)
    }
    let executed = execution.finish()
    do throws(HeaderMismatch) {
      remember(try executed.sealed(with: block.header), executed, transactions)
      return .valid
    } catch {
      return .invalid(reason: error.reason)
    }
  }

  /// Rows of the state that were changed by blocks executed here since the last call.
  mutating func takeChangedKeys() -> Set<Digest> {
    defer { changedKeys = [] }
    return changedKeys
  }

  private mutating func remember(_ state: LedgerState, _ executed: ExecutedBlock, _ transactions: [Authorized<Transaction>]) {
    changedKeys.formUnion(executed.rows.lazy.map(\.key))
    versions[state.header.digest] = Version(
      state: state, rows: executed.rows, superseded: executed.superseded, leafHashes: executed.leafHashes,
      transactionIDs: transactions.map(\.value.id))
  }

  /// Makes an executed child of the last finalized block the last finalized one.
  ///
  /// - Precondition: the block was executed, and its parent is the last finalized one.
  mutating func finalize(_ digest: Digest) -> Version {
    guard let version = versions.removeValue(forKey: digest) else { preconditionFailure("only an executed block is finalized") }
    precondition(version.state.header.parent == finalized.header.digest, "blocks are finalized in order")
    finalized = version.state
    return version
  }

  /// Lets go of the changes up to this height, for which finalized records are looked up from now on.
  mutating func dropLayers(through height: UInt64) { finalized.finalize(through: height) }

  /// Forgets the versions that the last finalized block excludes.
  mutating func prune() {
    versions = versions.filter { $0.value.state.height > finalized.height }
  }
}

extension TransactionError {
  /// Whether blocks that this node does not have yet may change the verdict: what the transaction follows, or who may sign it.
  var isCurable: Bool {
    switch self {
    case .tooFarAhead, .unavailable, .blockFull, .unknownSubmitter, .submitterThresholdNotMet: true
    case .operation(_, .futureSequence), .operation(_, .unknownDID), .operation(_, .unknownController), .operation(_, .notPermitted),
      .operation(_, .thresholdNotMet), .operation(_, .noController), .operation(_, .noRecovery), .operation(_, .unknownList),
      .operation(_, .notRevoker):
      true
    default: false
    }
  }

  /// Whether the transaction can never enter a block after this refusal. Otherwise it waits: it is in an unfinalized block
  /// already, or what it follows is still on its way.
  var isFinal: Bool {
    switch self {
    case .duplicate, .blockFull, .unavailable, .tooFarAhead: false
    case .operation(_, .futureSequence): false
    default: true
    }
  }
}
