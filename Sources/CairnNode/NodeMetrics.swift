import CairnChain
import CairnConsensus
import CairnLedger
import CairnMerkle
package import CoreMetrics
import Synchronization

/// What a node counts and measures of itself, by the standard API (swift-metrics): who runs the node says where it goes. Names and units are as
/// Prometheus wants them; each is explained in the gateway's documentation.
///
/// Nothing here decides anything.
package final class NodeMetrics: Sendable {
  /// Why a transaction, or one that no room was found for, is not in a block: reasons are few, and this bounds them whatever happens.
  private static let reasonLimit = 256

  private let factory: any MetricsFactory
  private let height, view, epoch, logEntries, finalTime: Gauge
  private let pendingTransactions, pendingBytes, peersConnected: Gauge
  private let contracts, contractsFrozen, contractsOverdue, openProposals: Gauge
  private let transactions, blocks: Counter
  private let commit: Timer
  private let peers = Mutex<Set<Int>>([])
  private let refusals = Mutex<[String: Counter]>([:])
  private let skips: [NullifyReason: Counter]

  /// Goes nowhere.
  package static let discarded = NodeMetrics(NOOPMetricsHandler.instance)

  package init(_ factory: any MetricsFactory) {
    self.factory = factory
    let gauge = { (name: String) in Gauge(label: "cairn_\(name)", factory: factory) }
    (height, view, epoch) = (gauge("height"), gauge("view"), gauge("epoch"))
    (logEntries, finalTime) = (gauge("log_entries"), gauge("final_timestamp_seconds"))
    (pendingTransactions, pendingBytes) = (gauge("pending_transactions"), gauge("pending_bytes"))
    peersConnected = gauge("peers_connected")
    (contracts, openProposals) = (gauge("contracts"), gauge("open_proposals"))
    (contractsFrozen, contractsOverdue) = (gauge("contracts_frozen"), gauge("contracts_audit_overdue"))
    transactions = Counter(label: "cairn_transactions_committed_total", factory: factory)
    blocks = Counter(label: "cairn_blocks_committed_total", factory: factory)
    commit = Timer(label: "cairn_commit_seconds", factory: factory)
    skips = Dictionary(
      uniqueKeysWithValues: NullifyReason.allCases.map {
        ($0, Counter(label: "cairn_views_skipped_total", dimensions: [("reason", $0.rawValue)], factory: factory))
      })
    peersConnected.record(0)
  }
}

extension NodeMetrics {
  func committed(_ state: LedgerState, blocks: Int, transactions: Int) {
    height.record(state.height)
    epoch.record(state.epoch)
    logEntries.record(state.frontier.size)
    finalTime.record(Double(state.timeMilliseconds) / 1_000)
    self.blocks.increment(by: blocks)
    self.transactions.increment(by: transactions)
  }

  func policy(_ standings: ContractStandings, openProposals count: Int) {
    contracts.record(standings.count)
    contractsFrozen.record(standings.frozenCount)
    contractsOverdue.record(standings.overdueCount)
    openProposals.record(count)
  }

  func entered(view: UInt64) { self.view.record(view) }

  func pending(_ count: Int, bytes: Int) {
    pendingTransactions.record(count)
    pendingBytes.record(bytes)
  }

  /// - Parameters:
  ///   - counts: of the epoch's engine.
  ///   - before: the same when it was last told.
  func skipped(_ counts: [NullifyReason: Int], since before: [NullifyReason: Int]) {
    for (reason, count) in counts { skips[reason]?.increment(by: max(0, count - before[reason, default: 0])) }
  }

  func connected(_ peer: Int) {
    record(
      peers.withLock {
        $0.insert(peer); return $0.count
      })
  }

  func disconnected(_ peer: Int) {
    record(
      peers.withLock {
        $0.remove(peer); return $0.count
      })
  }

  private func record(_ count: Int) { peersConnected.record(count) }
}

extension NodeMetrics {
  /// What became of transactions that clients of this node have submitted.
  ///
  /// - Parameter nanoseconds: from their arrival to their outcome; `nil` when nobody waited for it.
  func submitted(_ outcomes: [SubmitOutcome], nanoseconds: Int64?) {
    for outcome in outcomes {
      switch outcome {
      case .final: if let nanoseconds { commit.recordNanoseconds(nanoseconds) }
      case .pending: break
      case .refused(let error): refused(1, error.reason)
      case .overloaded: refused(1, Self.overloaded)
      case .undecided: refused(1, "undecided")
      }
    }
  }

  /// Transactions that were turned away before anything in them was looked at.
  func overloaded(_ count: Int) { refused(count, Self.overloaded) }

  private static let overloaded = "overloaded"

  private func refused(_ count: Int, _ reason: String) {
    let counter: Counter? = refusals.withLock { refusals in
      if let known = refusals[reason] { return known }
      guard refusals.count < Self.reasonLimit else { return nil }
      let counter = Counter(label: "cairn_transactions_refused_total", dimensions: [("reason", reason)], factory: factory)
      refusals[reason] = counter
      return counter
    }
    counter?.increment(by: count)
  }
}
