import CairnCrypto
import CairnLedger
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import CairnNode

/// Workers that do nothing until they are told to.
private final class HeldWorkers: Workers {
  private let works = Mutex<[@Sendable (Bool) -> Void]>([])

  func perform(_ work: @escaping @Sendable (Bool) -> Void) { works.withLock { $0.append(work) } }

  var count: Int { works.withLock { $0.count } }

  /// Does the oldest piece of work.
  ///
  /// - Parameter isActive: `false` when the workers were stopped.
  func step(isActive: Bool = true) {
    let next = works.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    next?(isActive)
  }
}

@Suite struct SignaturePoolTests {
  private let loop = EmbeddedEventLoop()
  private let workers = HeldWorkers()

  private func pool() throws -> SignaturePool {
    SignaturePool(workers: workers, workerCount: 2, network: .zero, scheme: Ed25519())
  }

  private final class Journal: Sendable {
    let entries = Mutex<[String]>([])
    func note(_ entry: String) { entries.withLock { $0.append(entry) } }
    var all: [String] { entries.withLock { $0 } }
  }

  @Test("Proposals go first, then the defence lane, then arrivals") func order() throws {
    let (pool, journal) = (try pool(), Journal())
    for name in ["arrival 1", "arrival 2"] { _ = pool.run(.arrival, on: loop) { journal.note(name) } }
    _ = pool.run(.defence, on: loop) { journal.note("defence") }
    _ = pool.run(.proposal, on: loop) { journal.note("proposal") }
    while workers.count > 0 { workers.step() }
    #expect(journal.all == ["proposal", "defence", "arrival 1", "arrival 2"])
  }

  @Test("Between two arrivals of one batch goes what is more urgent") func interleaving() throws {
    let (pool, journal) = (try pool(), Journal())
    let urgent = { @Sendable in _ = pool.run(.defence, on: EmbeddedEventLoop()) { journal.note("defence") } }
    _ = pool.verify([[1], [2]], .arrival, on: loop) { _ in
      journal.note("arrival")
      if journal.all == ["arrival"] { urgent() }
    }
    while workers.count > 0 { workers.step() }
    #expect(journal.all == ["arrival", "defence", "arrival"])
  }

  @Test("Work that was never done is over when the workers stop, and keeps nothing alive") func stop() throws {
    weak var left: SignaturePool?
    var verdicts: [EventLoopFuture<[SignaturePool.Verdict]>] = []
    do {
      let pool = try pool()
      left = pool
      for urgency in [SignaturePool.Urgency.arrival, .defence, .proposal] { verdicts.append(pool.verify([[1]], urgency, on: loop)) }
      while workers.count > 0 { workers.step(isActive: false) }
    }
    loop.run()
    for verdict in verdicts { #expect(throws: CancellationError.self) { try verdict.wait() } }
    #expect(left == nil)
  }
}
