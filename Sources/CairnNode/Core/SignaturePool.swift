import CairnCrypto
import CairnLedger
import DequeModule
import NIOCore
import Synchronization

/// Verifies transactions on threads of its own: signatures cost more than everything else a node does, and no event loop
/// shall wait for them.
///
/// A proposal's transactions go first, for a view waits for them; then those of the defence lane; then those that only might come into a
/// block. And what was verified once is not verified again, whichever way it comes.
final class SignaturePool: Sendable {
  typealias Verdict = Result<Authorized<Transaction>, TransactionError>

  enum Urgency {
    /// A view waits for the verdict.
    case proposal
    /// What claims to be of the defence lane.
    case defence
    case arrival
  }

  /// What became of a transaction that claims to be of the defence lane.
  enum Claim<Judgement: Sendable>: Sendable {
    case judged(Judgement)
    /// It may be a good transaction, but not of that lane.
    case ordinary
    /// The state does not bear the claim out, or the signature is wrong.
    case unfounded
  }

  /// Transactions that one task verifies: a hand-over costs as much as one verification.
  private static let batchCount = 16
  /// Verified transactions that are remembered, in each of two generations; a few seconds at full speed.
  private static let rememberedCount = 8_192

  private struct Queues {
    var proposals: Deque<@Sendable () -> Void> = []
    var defence: Deque<@Sendable () -> Void> = []
    var arrivals: Deque<@Sendable () -> Void> = []
    /// Workers that are at the arrivals.
    var busyWithArrivals = 0

    /// The next task that an arrival has to wait for.
    mutating func popUrgent() -> (@Sendable () -> Void)? { proposals.popFirst() ?? defence.popFirst() }

    mutating func forgetTasks() { (proposals, defence, arrivals) = ([], [], []) }

    mutating func beginArrivals(limit: Int) -> Bool {
      guard busyWithArrivals < limit else { return false }
      busyWithArrivals += 1
      return true
    }

    /// The next task of a worker that is at the arrivals; without one it is done.
    mutating func popForArrivals() -> (@Sendable () -> Void)? {
      if let next = popUrgent() ?? arrivals.popFirst() { return next }
      busyWithArrivals -= 1
      return nil
    }
  }

  private struct Memory {
    var young: [Digest: Authorized<Transaction>] = [:]
    var old: [Digest: Authorized<Transaction>] = [:]
  }

  private let workers: any Workers
  /// Workers that may take arrivals: one is left to what is more urgent, and its core to consensus.
  private let arrivalWorkers: Int
  private let verifier: TransactionVerifier
  private let queues = Mutex(Queues())
  private let memory = Mutex(Memory())

  /// - Parameter workerCount: how many work at once.
  init(workers: any Workers, workerCount: Int, network: Digest, scheme: any SignatureScheme) {
    self.workers = workers
    arrivalWorkers = max(1, workerCount - 1)
    verifier = TransactionVerifier(network: network, scheme: scheme)
  }

  /// Verdicts in the order of the transactions.
  func verify(_ transactions: [[UInt8]], _ urgency: Urgency, on loop: any EventLoop) -> EventLoopFuture<[Verdict]> {
    verify(transactions, urgency, on: loop) { $0 }
  }

  /// As ``verify(_:_:on:)``, and what follows from each verdict.
  ///
  /// - Parameter judge: called on the same thread as the verification.
  func verify<Judgement: Sendable>(
    _ transactions: [[UInt8]], _ urgency: Urgency, on loop: any EventLoop, _ judge: @escaping @Sendable (Verdict) -> Judgement
  ) -> EventLoopFuture<[Judgement]> {
    let batches = stride(from: 0, to: transactions.count, by: Self.batchCount).map { start in
      Array(transactions[start..<min(start + Self.batchCount, transactions.count)])
    }
    let judgements = batches.map { batch in
      run(urgency, on: loop) { [self] in
        batch.map { bytes in
          if urgency == .arrival { doUrgentTasks() }
          return judge(verdict(on: bytes))
        }
      }
    }
    return EventLoopFuture.whenAllSucceed(judgements, on: loop).map { $0.flatMap(\.self) }
  }

  /// Verifies transactions that claim to be of the defence lane before all arrivals, each only when the state bears the claim out.
  ///
  /// - Parameters:
  ///   - state: called on the same thread as the verification.
  ///   - judge: likewise.
  func verify<Judgement: Sendable>(
    claims: [[UInt8]], on loop: any EventLoop, state: @escaping @Sendable () -> LedgerState,
    _ judge: @escaping @Sendable (Verdict) -> Judgement
  ) -> EventLoopFuture<[Claim<Judgement>]> {
    run(.defence, on: loop) { [self] in
      let state = state()
      return claims.map { claim(of: $0, on: state, judge) }
    }
  }

  private func claim<Judgement>(
    of bytes: [UInt8], on state: LedgerState, _ judge: (Verdict) -> Judgement
  ) -> Claim<Judgement> {
    let leafHash = Transaction.leafHash(of: bytes)
    if let known = recall(leafHash) { return known.value.isDefensive ? .judged(judge(.success(known))) : .ordinary }
    guard let transaction = try? Transaction(decoding: bytes, network: verifier.network) else { return .unfounded }
    guard transaction.isDefensive else { return .ordinary }
    guard state.isClaimedDefence(transaction), let verified = try? verifier.verify(transaction) else { return .unfounded }
    remember(verified, leafHash)
    return .judged(judge(.success(verified)))
  }

  /// Works off the arrivals, unless enough workers do already: they go on until there are none.
  private func doArrivals() {
    guard queues.withLock({ $0.beginArrivals(limit: arrivalWorkers) }) else { return }
    while let task = queues.withLock({ $0.popForArrivals() }) { task() }
  }

  /// A batch of arrivals takes milliseconds, and what is more urgent does not wait for its end.
  private func doUrgentTasks() {
    while let task = queues.withLock({ $0.popUrgent() }) { task() }
  }

  /// Anything else that takes as long as verifying many signatures.
  func run<Result: Sendable>(
    _ urgency: Urgency, on loop: any EventLoop, _ body: @escaping @Sendable () throws -> Result
  ) -> EventLoopFuture<Result> {
    let promise = loop.makePromise(of: Result.self)
    let task: @Sendable () -> Void = { promise.completeWith(Swift.Result(catching: body)) }
    queues.withLock { queues in
      switch urgency {
      case .proposal: queues.proposals.append(task)
      case .defence: queues.defence.append(task)
      case .arrival: queues.arrivals.append(task)
      }
    }
    // One turn for each task; whichever is the most urgent then is taken.
    workers.perform { [self] isActive in
      guard isActive else {
        // Every task has a turn, which comes to this too. The tasks themselves would keep the pool, and all that they belong to, for ever.
        queues.withLock { $0.forgetTasks() }
        return promise.fail(CancellationError())
      }
      if let urgent = queues.withLock({ $0.popUrgent() }) { return urgent() }
      doArrivals()
    }
    return promise.futureResult
  }

  private func verdict(on bytes: [UInt8]) -> Verdict {
    let leafHash = Transaction.leafHash(of: bytes)
    if let known = recall(leafHash) { return .success(known) }
    do throws(TransactionError) {
      let transaction = try verifier.verify(bytes)
      remember(transaction, leafHash)
      return .success(transaction)
    } catch {
      return .failure(error)
    }
  }

  /// A transaction with these very bytes that was verified lately.
  private func recall(_ leafHash: Digest) -> Authorized<Transaction>? {
    memory.withLock { $0.young[leafHash] ?? $0.old[leafHash] }
  }

  private func remember(_ transaction: Authorized<Transaction>, _ leafHash: Digest) {
    memory.withLock { memory in
      if memory.young.count >= Self.rememberedCount { (memory.old, memory.young) = (memory.young, [:]) }
      memory.young[leafHash] = transaction
    }
  }
}
