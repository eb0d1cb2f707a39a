import CairnCrypto
import CairnIdentity
import CairnMessages

// The defence lane: what takes rights away in a hurry goes before everything else. A transaction belongs to it when each of its
// operations isolates an agent, freezes a contract, or only sets bits of lists for revocation or suspension; and when the state says
// that its submitter may do that, so that nobody else fills the lane.

extension Transaction {
  /// Whether the operations are of the defence lane by themselves. What a list is for, only the state knows.
  public var isDefensive: Bool { operations.allSatisfy(\.kind.isDefensive) }

  /// Whether bytes that nobody has decoded look like a transaction of the defence lane, by the fields of its operations. A mistake does
  /// no harm: it decides which queue they are decoded from.
  public static func looksDefensive(_ bytes: [UInt8]) -> Bool {
    var transaction = WireScanner(bytes, in: bytes.indices)
    guard let body = transaction.next(), body.number == ProtoFields.body else { return false }
    var fields = WireScanner(bytes, in: body.contents)
    var isDefensive = false
    while let field = fields.next() {
      guard field.number == ProtoFields.operations else { continue }
      var operation = WireScanner(bytes, in: field.contents)
      guard let kind = operation.next(), ProtoFields.defence.contains(kind.number) else { return false }
      if kind.number == ProtoFields.statusListUpdate, has(ProtoFields.clear, bytes, in: kind.contents) { return false }
      isDefensive = true
    }
    return isDefensive
  }

  private static func has(_ number: UInt64, _ bytes: [UInt8], in range: Range<Int>) -> Bool {
    var message = WireScanner(bytes, in: range)
    while let field = message.next() {
      if field.number == number { return true }
    }
    return false
  }

  /// Of `Transaction`, `TransactionBody`, `Operation` and `StatusListUpdate`.
  private enum ProtoFields {
    static let body: UInt64 = 1
    static let operations: UInt64 = 5
    static let statusListUpdate: UInt64 = 6
    static let contractFreeze: UInt64 = 11
    static let agentIsolate: UInt64 = 16
    static let defence: Set<UInt64> = [statusListUpdate, contractFreeze, agentIsolate]
    static let clear: UInt64 = 3
  }
}

extension LedgerOperation.Kind {
  fileprivate var isDefensive: Bool {
    switch self {
    case .agentIsolate, .contractFreeze: true
    case .statusListUpdate(let update, _): update.clear.isEmpty
    default: false
    }
  }
}

extension LedgerState {
  /// Whether the transaction belongs to the defence lane, and could be in the next block.
  public func isDefence(_ transaction: Authorized<Transaction>) -> Bool {
    guard transaction.value.isDefensive, isForRevocation(transaction.value) else { return false }
    return (try? check(transaction)) != nil
  }

  /// Whether the transaction would belong to the defence lane if its signatures were right: a reason to check them before others, and
  /// no more than that.
  public func isClaimedDefence(_ transaction: Transaction) -> Bool { isDefence(.recovered(transaction)) }

  /// Whether every list that the transaction updates is for revocation or suspension; that a newer credential is to be had is no emergency.
  private func isForRevocation(_ transaction: Transaction) -> Bool {
    transaction.operations.allSatisfy { operation in
      guard let list = operation.kind.list else { return true }
      guard let record = try? statusList(forKey: list.stateKey) else { return false }
      return record.purpose != .refresh
    }
  }
}
