import CairnCrypto
import CairnLedger
import DequeModule

/// Transactions that other validators passed on and that cannot be in a block yet: what they follow is on its way here, or never comes.
///
/// Apart from the mempool, so that whatever a faulty validator makes up neither takes room there nor holds up what can be
/// proposed. Few, and not for long: the node that took a transaction from a client still has it.
struct Orphans {
  enum Verdict {
    case wait
    case drop
  }

  static let countLimit = 1024
  static let byteLimit = 4 << 20
  /// How often the chain may move without the transaction becoming applicable.
  static let attemptLimit = 16

  private var waiting: Deque<(transaction: Authorized<Transaction>, attempts: Int)> = []
  private(set) var byteCount = 0

  var count: Int { waiting.count }
  var isEmpty: Bool { waiting.isEmpty }

  /// The oldest make room.
  mutating func insert(_ transaction: Authorized<Transaction>) {
    waiting.append((transaction, 0))
    byteCount += transaction.value.bytes.count
    while waiting.count > Self.countLimit || byteCount > Self.byteLimit, let oldest = waiting.popFirst() {
      byteCount -= oldest.transaction.value.bytes.count
    }
  }

  /// The chain has moved. Visits those for which that may make a difference, oldest first: because of a row of the state that changed; and
  /// once each before it is given up, for reasons that no row tells.
  mutating func visit(changedKeys: Set<Digest>, _ body: (Authorized<Transaction>) -> Verdict) {
    var kept: Deque<(transaction: Authorized<Transaction>, attempts: Int)> = []
    for (transaction, attempts) in waiting where attempts < Self.attemptLimit {
      let isLast = attempts == Self.attemptLimit - 1
      if isLast || transaction.value.relatedKeys.contains(where: changedKeys.contains), case .drop = body(transaction) { continue }
      kept.append((transaction, attempts + 1))
    }
    waiting = kept
    byteCount = kept.reduce(0) { $0 + $1.transaction.value.bytes.count }
  }
}

/// What a transaction that another validator passed on is good for.
enum Arrival: Sendable {
  /// It can be in a block.
  case ripe(Authorized<Transaction>)
  /// Not yet.
  case unripe(Authorized<Transaction>)
  case refused(TransactionError)

  /// - Parameter state: the newest finalized version.
  init(_ verdict: SignaturePool.Verdict, on state: LedgerState) {
    switch verdict {
    case .failure(let error): self = .refused(error)
    case .success(let transaction):
      do throws(TransactionError) {
        try state.check(transaction)
        self = .ripe(transaction)
      } catch {
        self = error.isCurable ? .unripe(transaction) : .refused(error)
      }
    }
  }
}
