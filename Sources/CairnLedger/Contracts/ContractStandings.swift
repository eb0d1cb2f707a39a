import CairnCrypto
import CairnMerkle

/// How all contracts stand that are not retired: which of them decide nothing, and which nobody has audited in time.
///
/// For whoever watches over a node. No row of the state: it follows from the contracts' records and the newest header's time, so that it is the
/// same on every node.
public struct ContractStandings: Sendable {
  private struct Standing: Sendable {
    let auditDueMilliseconds: UInt64
    let isFrozen: Bool
  }

  /// Of the version of the ledger that this is about.
  public private(set) var height: UInt64
  private var standings: [ContractID: Standing] = [:]
  private var overdueNames: Set<ContractID> = []
  /// The first of the dates that are still to come.
  private var nextDueMilliseconds = UInt64.max

  /// Visits every row of the state.
  public init(of state: LedgerState) throws(LedgerFault) {
    height = state.height
    try state.tree.forEachRow { key, value throws(LedgerFault) in
      guard StateValue.isOf(.contract, value) else { return }
      guard let bytes = try state.record(forKey: key), let record = try? ContractRecord(decoding: bytes) else {
        throw .wrongRecord(key: key)
      }
      put(record)
    }
    _ = findOverdue(at: state.timeMilliseconds)
  }

  /// Contracts that are not retired.
  public var count: Int { standings.count }
  /// Ascending.
  public var frozen: [ContractID] { Self.sorted(standings.filter(\.value.isFrozen).keys) }
  /// Ascending; see ``ContractRecord/isAuditOverdue(at:)``.
  public var overdue: [ContractID] { Self.sorted(overdueNames) }
  public var overdueCount: Int { overdueNames.count }
  public var frozenCount: Int { standings.values.count(where: \.isFrozen) }

  /// Takes what the next block changed.
  ///
  /// - Returns: the contracts whose audit is overdue from this block on, ascending: each once, until somebody attests or upgrades it.
  public mutating func follow(_ rows: [StateRow], height: UInt64, timeMilliseconds: UInt64) throws(LedgerFault) -> [ContractID] {
    precondition(height == self.height + 1, "blocks are followed in order")
    self.height = height
    for row in rows where StateValue.isOf(.contract, row.value) {
      guard let record = try? ContractRecord(decoding: row.record) else { throw .wrongRecord(key: row.key) }
      put(record)
    }
    return findOverdue(at: timeMilliseconds)
  }

  private mutating func put(_ record: ContractRecord) {
    let due = record.auditDueMilliseconds
    if record.isRetired || standings[record.id]?.auditDueMilliseconds != due { overdueNames.remove(record.id) }
    standings[record.id] = record.isRetired ? nil : Standing(auditDueMilliseconds: due, isFrozen: record.isFrozen)
    if !record.isRetired, !overdueNames.contains(record.id) { nextDueMilliseconds = min(nextDueMilliseconds, due) }
  }

  private mutating func findOverdue(at timeMilliseconds: UInt64) -> [ContractID] {
    guard timeMilliseconds > nextDueMilliseconds else { return [] }
    var found: [ContractID] = []
    nextDueMilliseconds = .max
    for (id, standing) in standings where !overdueNames.contains(id) {
      if timeMilliseconds > standing.auditDueMilliseconds {
        found.append(id)
      } else {
        nextDueMilliseconds = min(nextDueMilliseconds, standing.auditDueMilliseconds)
      }
    }
    overdueNames.formUnion(found)
    return Self.sorted(found)
  }

  private static func sorted(_ names: some Sequence<ContractID>) -> [ContractID] {
    names.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}
