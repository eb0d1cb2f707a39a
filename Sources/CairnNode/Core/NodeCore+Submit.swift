import CairnChain
import CairnConsensus
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import Foundation
import NIOCore
import SwiftProtobuf

extension NodeCore {
  /// Hint to a client that there is no room: about the time in which a full mempool is worked off.
  private static let retryAfterMilliseconds: UInt64 = 500
  /// Bytes of transactions in one gossip frame.
  private static let gossipByteLimit = 192 << 10
  /// Transactions looked at to find one that can go into a block now.
  private static let pendingAttempts = 64

  /// Takes verified transactions of this node's own clients: keeps them, and passes them on to every validator.
  ///
  /// - Parameters:
  ///   - completions: one for each transaction, called once.
  ///   - wait: whether completion means a final outcome; otherwise a transaction that found its place is `pending`.
  func submit(_ transactions: [Authorized<Transaction>], completions: [Submissions.Completion], wait: Bool) {
    guard !isStopped else { return completions.forEach { $0(.undecided) } }
    var (accepted, urgent): ([[UInt8]], [[UInt8]]) = ([], [])
    for (transaction, completion) in zip(transactions, completions) {
      let id = transaction.value.id
      guard !executor.finalized.contains(transaction: id) else {
        // Final, but perhaps not durable yet: then its receipt is about to be made.
        if unpublished.contains(where: { $0.contains(id) }) {
          hold(id, completion)
        } else {
          completion(.refused(.duplicate))
        }
        continue
      }
      do throws(Mempool.Rejection) {
        if try insert(transaction) { urgent.append(transaction.value.bytes) } else { accepted.append(transaction.value.bytes) }
      } catch {
        guard case .pending = error else {
          completion(.overloaded(retryAfterMilliseconds: Self.retryAfterMilliseconds))
          continue
        }
      }
      if wait { hold(id, completion) } else { completion(.pending) }
    }
    gossip(urgent, as: PeerCode.defence, limit: PeerCode.defenceByteLimit)
    gossip(accepted, as: PeerCode.transactions, limit: Self.gossipByteLimit)
    inserted(isUrgent: !urgent.isEmpty)
  }

  /// - Returns: whether the transaction waits in the defence lane.
  private func insert(_ transaction: Authorized<Transaction>) throws(Mempool.Rejection) -> Bool {
    try mempool.insert(transaction, isDefence: executor.finalized.isDefence(transaction))
  }

  /// Transactions were taken in: the engine hears of it, and a block that only waits for its time does not let the urgent ones wait.
  private func inserted(isUrgent: Bool) {
    updateRoom()
    if !isPendingReported { reportPending() }
    guard isUrgent else { return }
    soundAlert()
    hurry()
  }

  /// How long the alert lasts after the last transaction of the lane: who revokes one thing often revokes another.
  private static let alertTime = TimeAmount.seconds(5)

  /// The lane is in use, or was lately: then blocks are short, and few ordinary transactions are taken in.
  private func soundAlert() {
    alertEnd?.cancel()
    alertEnd = loop.assumeIsolated().scheduleTask(in: Self.alertTime) { [weak self] in
      self?.alertEnd = nil
      self?.updateRoom()
    }
    updateRoom()
  }

  var isAlert: Bool { alertEnd != nil }

  /// Ordinary transactions that wait during an alert: enough for a second's blocks. What checking more of them takes would be taken from
  /// whoever is in a hurry.
  private static let alertPlaces = 1_024

  func updateRoom() {
    parts.room.update(free: mempool.freePlaces(upTo: isAlert ? Self.alertPlaces : .max))
    parts.metrics.pending(mempool.count, bytes: mempool.byteCount)
  }

  private func hold(_ id: Digest, _ completion: @escaping Submissions.Completion) {
    guard !submissions.wait(for: id, completion) else { return }
    completion(.overloaded(retryAfterMilliseconds: Self.retryAfterMilliseconds))
  }

  /// - Parameter limit: bytes of transactions in one frame.
  private func gossip(_ transactions: [[UInt8]], as code: UInt16, limit: Int) {
    var batch = ProtoTransactionBatch()
    var byteCount = 0
    for bytes in transactions {
      if byteCount > 0, byteCount + bytes.count > limit {
        broadcast(code, Self.encoded(batch))
        (batch, byteCount) = (ProtoTransactionBatch(), 0)
      }
      batch.transactions.append(Data(bytes))
      byteCount += bytes.count
    }
    if byteCount > 0 { broadcast(code, Self.encoded(batch)) }
  }

  /// Takes verified transactions that another validator passed on.
  func insert(gossiped arrivals: [Arrival]) {
    var isUrgent = false
    for arrival in arrivals {
      switch arrival {
      case .ripe(let transaction):
        guard !executor.finalized.contains(transaction: transaction.value.id), let isDefence = try? insert(transaction) else { continue }
        isUrgent = isUrgent || isDefence
      case .unripe(let transaction): insert(unripe: transaction)
      case .refused: break
      }
    }
    inserted(isUrgent: isUrgent)
  }

  /// The chain may have moved since the transaction was tried.
  private func insert(unripe transaction: Authorized<Transaction>) {
    guard let tip = engine?.tip, let state = executor.state(after: tip), (try? state.check(transaction)) != nil else {
      return orphans.insert(transaction)
    }
    _ = try? insert(transaction)
  }

  /// A transaction will never be in a block.
  func refuse(_ id: Digest, _ error: TransactionError) {
    mempool.remove(id: id)
    for completion in submissions.take(id) { completion(.refused(error)) }
  }

  /// Of the transactions that a block on an unfinalized parent could not have, those that no later block can have either. What the
  /// parent alone stands against may still come: the parent may never be final.
  func refuseFinally(_ ids: [Digest]) {
    for id in ids {
      guard let transaction = mempool[id: id], let error = Self.refusal(of: transaction, on: executor.finalized) else { continue }
      refuse(id, error)
    }
  }

  /// Transactions that one commit has tried again: some milliseconds' work. Those beyond it are found when a leader builds a block.
  private static let outdatedLimit = 256

  /// Drops the transactions that a commit has made impossible: expired ones, and those about rows that have changed.
  func dropOutdated(changedKeys: Set<Digest>) {
    let state = executor.finalized
    for transaction in mempool.waiting(about: changedKeys, limit: Self.outdatedLimit) + mempool.expired(height: state.height) {
      if let error = Self.refusal(of: transaction, on: state) { refuse(transaction.value.id, error) }
    }
  }

  /// The same for all that wait, after the state has moved by more than a block.
  func refuseAllOutdated() {
    var waiting: [Authorized<Transaction>] = []
    mempool.visit {
      waiting.append($0)
      return true
    }
    for transaction in waiting {
      if executor.finalized.contains(transaction: transaction.value.id) {
        refuse(transaction.value.id, .duplicate)
      } else if let error = Self.refusal(of: transaction, on: executor.finalized) {
        refuse(transaction.value.id, error)
      }
    }
    updateRoom()
  }

  /// Why a transaction can never be in a block after this version; `nil` when it may be.
  static func refusal(of transaction: Authorized<Transaction>, on state: LedgerState) -> TransactionError? {
    var trial = BlockExecution(on: state, timeMilliseconds: state.timeMilliseconds + 1)
    do throws(TransactionError) { try trial.apply(transaction) } catch { return error.isFinal ? error : nil }
    return nil
  }

  /// Tells the engine, at each change, whether something waits that the next block could have.
  func reportPending() {
    guard let tip = engine?.tip, let state = executor.state(after: tip) else { return }
    let isPending = hasApplicable(on: state)
    guard isPending != isPendingReported else { return }
    isPendingReported = isPending
    step(.pending(isPending))
  }

  /// Takes in the orphans that can be in the next block, after the chain has moved.
  func ripen() {
    let changedKeys = executor.takeChangedKeys()
    guard !orphans.isEmpty, let tip = engine?.tip, let state = executor.state(after: tip) else { return }
    orphans.visit(changedKeys: changedKeys) { transaction in
      do throws(TransactionError) { try state.check(transaction) } catch { return error.isCurable ? .wait : .drop }
      _ = try? insert(transaction)
      return .drop
    }
  }

  /// Whether a waiting transaction applies on top of the notarized chain. Others do not count: no leader could include them, and
  /// followers would give up one view after the other waiting for it.
  private func hasApplicable(on state: LedgerState) -> Bool {
    var trial = BlockExecution(on: state, timeMilliseconds: state.timeMilliseconds + 1)
    var refused: [Digest] = []
    var attempts = 0
    var found = false
    mempool.visit { transaction in
      do throws(TransactionError) {
        try trial.apply(transaction)
        found = true
      } catch {
        if case .duplicate = error { return true }
        if error.isFinal { refused.append(transaction.value.id) }
        attempts += 1
      }
      return !found && attempts < Self.pendingAttempts
    }
    refuseFinally(refused)
    return found
  }
}
