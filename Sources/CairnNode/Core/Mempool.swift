import CairnCrypto
import CairnIdentity
import CairnLedger
import DequeModule

/// Verified transactions that wait for a block, in the order in which they came.
///
/// Bounded in count, in bytes and per submitter, so that neither a flood nor one busy submitter takes the node's memory.
struct Mempool {
  struct Limits: Sendable {
    var count = 65_536
    var byteCount = 64 << 20
    /// One submitter's share: a quarter of the room.
    var countPerSubmitter = 16_384
  }

  enum Rejection: Error {
    /// The same transaction waits already.
    case pending
    case full
    case submitterFull
  }

  let limits: Limits
  private(set) var byteCount = 0
  /// In order of arrival; may name transactions that are gone.
  private var order: Deque<Digest> = []
  private var transactions: [Digest: Authorized<Transaction>] = [:]
  /// Transaction id to the leaf hash under which it waits.
  private var leafHashes: [Digest: Digest] = [:]
  private var countBySubmitter: [String: Int] = [:]

  init(limits: Limits = Limits()) { self.limits = limits }

  var count: Int { transactions.count }
  var isEmpty: Bool { transactions.isEmpty }

  mutating func insert(_ transaction: Authorized<Transaction>) throws(Rejection) {
    let value = transaction.value
    guard leafHashes[value.id] == nil else { throw .pending }
    guard count < limits.count, byteCount + value.bytes.count <= limits.byteCount else { throw .full }
    let submitter = value.submitter.description
    guard countBySubmitter[submitter, default: 0] < limits.countPerSubmitter else { throw .submitterFull }
    countBySubmitter[submitter, default: 0] += 1
    byteCount += value.bytes.count
    leafHashes[value.id] = value.leafHash
    transactions[value.leafHash] = transaction
    order.append(value.leafHash)
  }

  /// The transaction with these very bytes, signatures included.
  subscript(leafHash leafHash: Digest) -> Authorized<Transaction>? { transactions[leafHash] }

  subscript(id id: Digest) -> Authorized<Transaction>? { leafHashes[id].flatMap { transactions[$0] } }

  mutating func remove(id: Digest) {
    guard let leafHash = leafHashes.removeValue(forKey: id), let transaction = transactions.removeValue(forKey: leafHash)?.value else {
      return
    }
    byteCount -= transaction.bytes.count
    let submitter = transaction.submitter.description
    countBySubmitter[submitter] = countBySubmitter[submitter].flatMap { $0 > 1 ? $0 - 1 : nil }
    compact()
  }

  /// Visits the waiting transactions, oldest first, until the body returns `false`.
  func visit(_ body: (Authorized<Transaction>) -> Bool) {
    for leafHash in order {
      guard let transaction = transactions[leafHash] else { continue }
      guard body(transaction) else { return }
    }
  }

  /// Forgets places in the order that name nothing, once they outnumber the rest.
  private mutating func compact() {
    while let first = order.first, transactions[first] == nil { order.removeFirst() }
    if order.count > 2 * transactions.count + 1024 { order.removeAll { transactions[$0] == nil } }
  }
}
