public import CairnChain
public import CairnLedger

/// A contract's audit is overdue from a block on: the first whose time is above ``ContractRecord/auditDueMilliseconds`` of the record that held
/// with it.
///
/// No transaction makes it so, but the passing of time: it follows from the proven record and the times of two headers, so that everybody who
/// follows the chain, from wherever, sees the same at the same block.
public struct OverdueAudit: Equatable, Sendable {
  /// As of the block, see ``header``.
  public let record: ContractRecord
  /// The first block after the date.
  public let header: Header
  /// Proves the record; perhaps as of a later block.
  public let provenBy: ContractResolution

  public var contract: ContractID { record.id }
}

/// Finds the audits that become overdue, from block to block of a stream of events.
///
/// ```swift
/// var watch = AuditWatch(client, contracts: [tools])
/// for try await block in client.events(after: position) {
///   for overdue in try await watch.overdue(with: block) { print(overdue.contract) }
/// }
/// ```
///
/// Nothing is the word of a node: that a date has passed is seen from headers, and what it was is asked for, and proven, when it seems to have
/// passed. Go on later, with a new watch, after the last block that was handed to this one: nothing is missed, nothing comes twice. With an
/// ``EventFilter`` that leaves operations on the contracts out, a contract that was overdue once is not watched any more.
public struct AuditWatch: Sendable {
  private let client: CairnClient
  /// No audit is overdue before; dates only move on, from attestation to attestation and version to version. ``never`` for a contract that is
  /// overdue already, or retired, until an operation says otherwise.
  private var earliestDue: [ContractID: UInt64]
  private let isFollowingAll: Bool
  /// Of the last block.
  private var timeMilliseconds: UInt64?

  private static let never = UInt64.max

  /// - Parameter contracts: to watch from the first block on; `nil` for all that the blocks have operations on.
  public init(_ client: CairnClient, contracts: [ContractID]? = nil) {
    self.client = client
    isFollowingAll = contracts == nil
    earliestDue = Dictionary((contracts ?? []).map { ($0, 0) }) { first, _ in first }
  }

  /// The audits that are overdue from this block on, ascending by the contracts' names; nearly always none, and then no node is asked.
  ///
  /// - Parameter block: the one after the last that this watch has seen.
  public mutating func overdue(with block: FinalizedBlock) async throws(CairnError) -> [OverdueAudit] {
    let header = block.header
    for contract in Self.changed(by: block) where isFollowingAll || earliestDue[contract] != nil {
      // What the operation has made of the date is asked for when it may have passed.
      if earliestDue[contract] ?? Self.never == Self.never { earliestDue[contract] = header.timeMilliseconds }
    }
    var found: [OverdueAudit] = []
    for (contract, due) in earliestDue.sorted(by: { $0.key.name.utf8.lexicographicallyPrecedes($1.key.name.utf8) })
    where due < header.timeMilliseconds {
      if let overdue = try await look(at: contract, under: header) { found.append(overdue) }
    }
    timeMilliseconds = header.timeMilliseconds
    return found
  }

  private static func changed(by block: FinalizedBlock) -> Set<ContractID> {
    Set(block.transactions.flatMap { $0.transaction.operations.compactMap(\.kind.contract) })
  }

  private mutating func look(at contract: ContractID, under header: Header) async throws(CairnError) -> OverdueAudit? {
    let resolution: ContractResolution
    do throws(CairnError) {
      resolution = try await client.contract(contract, at: .time(milliseconds: header.timeMilliseconds))
    } catch {
      switch error {
      case .unknownContract, .contractNotYetDeployed:
        earliestDue[contract] = Self.never
        return nil
      default: throw error
      }
    }
    let record = resolution.contract.record
    guard !record.isRetired else {
      earliestDue[contract] = Self.never
      return nil
    }
    guard record.isAuditOverdue(at: header.timeMilliseconds) else {
      earliestDue[contract] = record.auditDueMilliseconds
      return nil
    }
    earliestDue[contract] = Self.never
    guard try await timeBefore(header) <= record.auditDueMilliseconds else { return nil }
    return OverdueAudit(record: record, header: header, provenBy: resolution)
  }

  private mutating func timeBefore(_ header: Header) async throws(CairnError) -> UInt64 {
    if let timeMilliseconds { return timeMilliseconds }
    let parent = try await client.header(.digest(header.fields.parent)).header
    timeMilliseconds = parent.timeMilliseconds
    return parent.timeMilliseconds
  }
}
