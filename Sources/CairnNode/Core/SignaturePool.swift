import CairnCrypto
import CairnLedger
import DequeModule
import NIOCore
import NIOPosix
import Synchronization

/// Verifies transactions on threads of its own: signatures cost more than everything else a node does, and no event loop
/// shall wait for them.
///
/// A proposal's transactions go before those that only might come into a block: a view waits for them. And what was verified once
/// is not verified again, whichever way it comes.
final class SignaturePool: Sendable {
  typealias Verdict = Result<Authorized<Transaction>, TransactionError>

  enum Urgency {
    /// A view waits for the verdict.
    case proposal
    case arrival
  }

  /// Transactions that one task verifies: a hand-over costs as much as one verification.
  private static let batchCount = 32
  /// Verified transactions that are remembered, in each of two generations; a few seconds at full speed.
  private static let rememberedCount = 8_192

  private struct Queues {
    var proposals: Deque<@Sendable () -> Void> = []
    var arrivals: Deque<@Sendable () -> Void> = []
  }

  private struct Memory {
    var young: [Digest: Authorized<Transaction>] = [:]
    var old: [Digest: Authorized<Transaction>] = [:]
  }

  private let threads: NIOThreadPool
  private let verifier: TransactionVerifier
  private let queues = Mutex(Queues())
  private let memory = Mutex(Memory())

  init(threads: NIOThreadPool, network: Digest) {
    self.threads = threads
    verifier = TransactionVerifier(network: network)
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
      run(urgency, on: loop) { [self] in batch.map { judge(verdict(on: $0)) } }
    }
    return EventLoopFuture.whenAllSucceed(judgements, on: loop).map { $0.flatMap(\.self) }
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
      case .arrival: queues.arrivals.append(task)
      }
    }
    // One turn for each task; whichever is the most urgent then is taken.
    threads.submit { [self] state in
      guard case .active = state else { return promise.fail(CancellationError()) }
      let next = queues.withLock { $0.proposals.popFirst() ?? $0.arrivals.popFirst() }
      next?()
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
