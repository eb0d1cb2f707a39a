import CairnCrypto
import CairnIdentity
import CairnLedger
import DequeModule

/// Verified transactions that wait for a block, in the order in which they came; those of the defence lane before the others.
///
/// Bounded in count, in bytes and per submitter, so that neither a flood nor one busy submitter takes the node's memory. Each lane has
/// its own room: what floods one takes nothing from the other.
struct Mempool {
  struct Limits: Sendable {
    /// What a network works off in ten to twenty seconds. Whoever comes later is told so before anything is verified.
    var count = 16_384
    var byteCount = 64 << 20
    /// One submitter's share: a quarter of the room.
    var countPerSubmitter = 4_096
    /// Of the defence lane.
    var defenceCount = 4_096
    var defenceByteCount = 8 << 20
    /// One submitter's places in the lane. What it submits beyond them waits with the others.
    var defenceCountPerSubmitter = 64
  }

  enum Rejection: Error {
    /// The same transaction waits already.
    case pending
    case full
    case submitterFull
  }

  fileprivate struct Queue {
    /// In order of arrival; may name transactions that are gone.
    var order: Deque<Digest> = []
    var count = 0
    var byteCount = 0
    var countBySubmitter: [CairnDID: Int] = [:]
  }

  private struct Waiting {
    let transaction: Authorized<Transaction>
    let isDefence: Bool
  }

  let limits: Limits
  private var ordinary = Queue()
  private var defence = Queue()
  private var transactions: [Digest: Waiting] = [:]
  /// Transaction id to the leaf hash under which it waits.
  private var leafHashes: [Digest: Digest] = [:]
  /// Leaf hashes by the rows of the state that the transactions are about.
  private var leafHashesByKey: [Digest: Set<Digest>] = [:]
  /// No transaction expires below this height.
  private var soonestExpiry = UInt64.max

  init(limits: Limits = Limits()) { self.limits = limits }

  var count: Int { transactions.count }
  var byteCount: Int { ordinary.byteCount + defence.byteCount }
  var defenceCount: Int { defence.count }
  var isEmpty: Bool { transactions.isEmpty }
  /// How many more ordinary transactions there is room for; none when the largest would not fit.
  ///
  /// - Parameter count: how many may wait altogether.
  func freePlaces(upTo count: Int = .max) -> Int {
    guard ordinary.byteCount + Transaction.byteLimit <= limits.byteCount else { return 0 }
    return max(0, min(limits.count, count) - ordinary.count)
  }

  /// - Parameter isDefence: whether the transaction belongs to the defence lane.
  /// - Returns: whether it waits in that lane.
  @discardableResult
  mutating func insert(_ transaction: Authorized<Transaction>, isDefence: Bool = false) throws(Rejection) -> Bool {
    guard leafHashes[transaction.value.id] == nil else { throw .pending }
    if isDefence, defence.refusal(of: transaction.value, limits.defence) == nil {
      insert(transaction, into: \.defence, isDefence: true)
      return true
    }
    if let refusal = ordinary.refusal(of: transaction.value, limits.ordinary) { throw refusal }
    insert(transaction, into: \.ordinary, isDefence: false)
    return false
  }

  private mutating func insert(_ transaction: Authorized<Transaction>, into queue: WritableKeyPath<Mempool, Queue>, isDefence: Bool) {
    let value = transaction.value
    self[keyPath: queue].append(value)
    leafHashes[value.id] = value.leafHash
    transactions[value.leafHash] = Waiting(transaction: transaction, isDefence: isDefence)
    for operation in value.operations { leafHashesByKey[operation.stateKey, default: []].insert(value.leafHash) }
    soonestExpiry = min(soonestExpiry, value.notAfterHeight)
  }

  /// The transaction with these very bytes, signatures included.
  subscript(leafHash leafHash: Digest) -> Authorized<Transaction>? { transactions[leafHash]?.transaction }

  subscript(id id: Digest) -> Authorized<Transaction>? { leafHashes[id].flatMap { transactions[$0]?.transaction } }

  mutating func remove(id: Digest) {
    guard let leafHash = leafHashes.removeValue(forKey: id), let waiting = transactions.removeValue(forKey: leafHash) else { return }
    for operation in waiting.transaction.value.operations {
      leafHashesByKey[operation.stateKey]?.remove(leafHash)
      if leafHashesByKey[operation.stateKey]?.isEmpty == true { leafHashesByKey[operation.stateKey] = nil }
    }
    let others = transactions
    let queue: WritableKeyPath<Mempool, Queue> = waiting.isDefence ? \.defence : \.ordinary
    self[keyPath: queue].remove(waiting.transaction.value)
    self[keyPath: queue].compact { others[$0] != nil }
  }

  /// The transactions about any of these rows of the state, each once, in an order that every run repeats.
  ///
  /// - Parameter limit: of the transactions; any number can be about one row.
  func waiting(about keys: Set<Digest>, limit: Int) -> [Authorized<Transaction>] {
    Set(keys.lazy.flatMap { leafHashesByKey[$0] ?? [] }).sorted().prefix(limit).compactMap { self[leafHash: $0] }
  }

  /// The transactions that no block above this height may have, likewise.
  mutating func expired(height: UInt64) -> [Authorized<Transaction>] {
    guard soonestExpiry <= height else { return [] }
    soonestExpiry = .max
    var found: [Authorized<Transaction>] = []
    for waiting in transactions.values {
      if waiting.transaction.value.notAfterHeight <= height {
        found.append(waiting.transaction)
      } else {
        soonestExpiry = min(soonestExpiry, waiting.transaction.value.notAfterHeight)
      }
    }
    return found.sorted { $0.value.leafHash < $1.value.leafHash }
  }

  /// Visits the waiting transactions until the body returns `false`: those of the defence lane, then the others, oldest first.
  func visit(_ body: (Authorized<Transaction>) -> Bool) {
    var goesOn = true
    visitDefence { transaction in
      goesOn = body(transaction)
      return goesOn
    }
    if goesOn { visitOrdinary(body) }
  }

  func visitOrdinary(_ body: (Authorized<Transaction>) -> Bool) {
    for leafHash in ordinary.order {
      guard let transaction = self[leafHash: leafHash] else { continue }
      guard body(transaction) else { return }
    }
  }

  /// Visits the defence lane until the body returns `false`: the oldest of each submitter, then the second oldest of each, so that one
  /// who revokes much does not delay the others.
  func visitDefence(_ body: (Authorized<Transaction>) -> Bool) {
    guard defence.count > 0 else { return }
    var turns: [CairnDID: Int] = [:]
    let waiting = defence.order.compactMap { self[leafHash: $0] }.enumerated().map { arrival, transaction in
      let turn = turns[transaction.value.submitter, default: 0]
      turns[transaction.value.submitter] = turn + 1
      return (turn: turn, arrival: arrival, transaction: transaction)
    }
    for (_, _, transaction) in waiting.sorted(by: { ($0.turn, $0.arrival) < ($1.turn, $1.arrival) }) {
      guard body(transaction) else { return }
    }
  }
}

extension Mempool.Limits {
  fileprivate struct Share {
    let count: Int
    let byteCount: Int
    let countPerSubmitter: Int
  }

  fileprivate var ordinary: Share { Share(count: count, byteCount: byteCount, countPerSubmitter: countPerSubmitter) }
  fileprivate var defence: Share {
    Share(count: defenceCount, byteCount: defenceByteCount, countPerSubmitter: defenceCountPerSubmitter)
  }
}

extension Mempool.Queue {
  fileprivate func refusal(of transaction: Transaction, _ share: Mempool.Limits.Share) -> Mempool.Rejection? {
    guard count < share.count, byteCount + transaction.bytes.count <= share.byteCount else { return .full }
    guard countBySubmitter[transaction.submitter, default: 0] < share.countPerSubmitter else { return .submitterFull }
    return nil
  }

  fileprivate mutating func append(_ transaction: Transaction) {
    order.append(transaction.leafHash)
    count += 1
    byteCount += transaction.bytes.count
    countBySubmitter[transaction.submitter, default: 0] += 1
  }

  fileprivate mutating func remove(_ transaction: Transaction) {
    count -= 1
    byteCount -= transaction.bytes.count
    countBySubmitter[transaction.submitter] = countBySubmitter[transaction.submitter].flatMap { $0 > 1 ? $0 - 1 : nil }
  }

  /// Forgets places in the order that name nothing, once they outnumber the rest.
  fileprivate mutating func compact(_ isWaiting: (Digest) -> Bool) {
    while let first = order.first, !isWaiting(first) { order.removeFirst() }
    if order.count > 2 * count + 1024 { order.removeAll { !isWaiting($0) } }
  }
}
