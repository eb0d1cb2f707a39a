import CairnChain
import CairnConsensus
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import CairnStore
import Foundation
import NIOCore
import SwiftProtobuf
import Synchronization

/// A node as its services see it: the published head, stored blocks, and the door for transactions.
final class Backend: NodeBackend {
  /// How long a client waits for its transaction to become final before it is told that this is undecided.
  private static let submitTimeout = TimeAmount.seconds(30)
  private static let retryAfterMilliseconds: UInt64 = 500

  let genesis: Genesis
  private let consensusKey: PublicKey
  /// What this node was called when it started.
  private let firstName: String
  let core: Confined<NodeCore>
  let mesh: any PeerLinks
  private let publisher: HeadPublisher
  private let records: FinalizedRecords
  private let signatures: SignaturePool
  private let chain: ChainWriter
  private let readers: StoreReaders
  private let eventWorkers: any Workers
  private let claims = DefenceClaims()
  private let room: MempoolRoom
  let metrics: NodeMetrics
  let startedAt = ContinuousClock.now

  init(
    _ configuration: NodeConfiguration, core: Confined<NodeCore>, mesh: any PeerLinks, publisher: HeadPublisher, records: FinalizedRecords,
    signatures: SignaturePool, room: MempoolRoom, chain: ChainWriter, readers: StoreReaders, eventWorkers: any Workers,
    metrics: NodeMetrics
  ) {
    genesis = configuration.genesis
    consensusKey = configuration.voteKey.publicKey
    firstName = configuration.name ?? Self.name(of: configuration.voteKey.publicKey, in: publisher.head.state)
    self.core = core
    self.mesh = mesh
    self.publisher = publisher
    self.records = records
    self.signatures = signatures
    self.room = room
    self.chain = chain
    self.readers = readers
    self.eventWorkers = eventWorkers
    self.metrics = metrics
  }

  var name: String {
    let validators = head.state.validators
    return validators.index(ofConsensusKey: consensusKey).flatMap { validators[$0]?.name } ?? firstName
  }

  /// As the ledger calls the validator, or the one that it was or is proposed to be; otherwise the beginning of its key.
  private static func name(of key: PublicKey, in state: LedgerState) -> String {
    let known = state.validators.validators + ((try? state.followers()) ?? [])
    return known.first { $0.consensusKey == key }?.name ?? String(Hex.encode(key.bytes).prefix(16))
  }

  var head: PublishedHead { publisher.head }
  var historyFrom: UInt64? { chain.gap.map { $0.base.header.height + 1 } }

  func entry(at index: UInt64) throws -> [UInt8]? {
    guard index <= head.header.logSize else { return nil }
    return try readers.next.chain.entry(at: index)?.bytes
  }

  func header(atHeight height: UInt64) throws -> Header? { try readers.next.chain.header(height: height) }

  func header(containing index: UInt64) throws -> Header? { try readers.next.chain.header(containing: index) }

  func header(digest: Digest) throws -> Header? { try readers.next.chain.header(digest: digest) }

  func index(ofTransaction id: Digest) throws -> UInt64? {
    // The index trails the chain; what it may lack is remembered with its height.
    guard let height = records.height(ofTransaction: id) else { return try readers.next.index.transaction(id: id)?.logIndex }
    guard let block = try readers.next.chain.block(height: height)?.block,
      let position = block.transactions.firstIndex(where: { Transaction.id(ofFinalized: $0) == id })
    else { return nil }
    return block.header.logSize - UInt64(block.transactions.count) + UInt64(position)
  }

  func changes(of did: CairnDID, before index: UInt64, limit: Int) throws -> [UInt64] {
    try readers.next.index.transactions(under: did.stateKey, before: index, limit: limit).map(\.logIndex)
  }

  func withTiles<Result>(_ body: (any LogTileSource) throws -> Result) throws -> Result { try body(readers.next.chain) }

  func blocks(from height: UInt64, count: Int, bytes: Int) throws -> [CertifiedBlock] {
    try readers.events.blocks(from: height, count: count, bytes: bytes).map {
      CertifiedBlock(block: $0.block, certificate: $0.finalization?.message(validatorCount: $0.validatorCount))
    }
  }

  func finalization(covering height: UInt64) throws -> (header: Header, certificate: ProtoCertificate)? {
    guard let found = try readers.events.finalization(covering: height) else { return nil }
    return (found.header, found.certificate.message(validatorCount: found.validatorCount))
  }

  func end(ofEpoch epoch: UInt64, containing index: UInt64) throws -> (header: Header, certificate: ProtoCertificate)? {
    try readers.events.end(ofEpoch: epoch, containing: index)?.proven
  }

  func read<Result: Sendable>(on loop: any EventLoop, _ body: @escaping @Sendable () throws -> Result) -> EventLoopFuture<Result> {
    eventWorkers.run(on: loop, body)
  }

  func observeHeads(_ body: @escaping @Sendable () -> Void) { publisher.observe(body) }

  var busyMilliseconds: UInt64? { room.hasPlace ? nil : Self.retryAfterMilliseconds }

  func submit(
    _ transactions: [[UInt8]], wait: Bool, from connection: ClientConnection, on loop: any EventLoop
  ) -> EventLoopFuture<[SubmitOutcome]> {
    guard transactions.allSatisfy(Transaction.looksDefensive), claims.begin(transactions.count, of: connection, at: loop.now) else {
      return submit(transactions, wait: wait, on: loop)
    }
    return signatures.verify(claims: transactions, on: loop, state: { [publisher] in publisher.head.state }, admitted)
      .flatMapError { _ in loop.makeSucceededFuture([]) }
      .flatMap { [self] outcomes in
        let isTrue = outcomes.allSatisfy { if case .unfounded = $0 { false } else { true } }
        claims.end(transactions.count, of: connection, isTrue: isTrue, at: loop.now)
        let verdicts = outcomes.compactMap { if case .judged(let verdict) = $0 { verdict } else { nil } }
        // One that is something else takes the others along: whoever mixes them is not in a hurry.
        guard verdicts.count == transactions.count else { return submit(transactions, wait: wait, on: loop) }
        let pending = pendingSubmission(transactions.count, on: loop)
        decide(verdicts, wait: wait, pending)
        return pending.result
      }
  }

  /// In line with all others.
  private func submit(_ transactions: [[UInt8]], wait: Bool, on loop: any EventLoop) -> EventLoopFuture<[SubmitOutcome]> {
    let count = transactions.count
    guard room.take(count) else {
      return loop.makeSucceededFuture(transactions.map { _ in .overloaded(retryAfterMilliseconds: Self.retryAfterMilliseconds) })
    }
    let pending = pendingSubmission(count, on: loop)
    signatures.verify(transactions, .arrival, on: loop, admitted).whenComplete { [self] verdicts in
      decide((try? verdicts.get()) ?? [], wait: wait, pending)
      core.enter { _ in self.room.leave(count) }
    }
    return pending.result
  }

  private func pendingSubmission(_ count: Int, on loop: any EventLoop) -> PendingSubmission {
    let pending = PendingSubmission(count: count, promise: loop.makePromise())
    let timeout = loop.scheduleTask(in: Self.submitTimeout) { pending.giveUp() }
    pending.result.whenComplete { _ in timeout.cancel() }
    return pending
  }

  /// A transaction at the door: tried on the newest state, so that the usual mistakes are answered at once. One that is final
  /// already is let in, to its receipt.
  private func admitted(_ verdict: SignaturePool.Verdict) -> SignaturePool.Verdict {
    guard case .success(let transaction) = verdict else { return verdict }
    do throws(TransactionError) { try head.state.check(transaction) } catch {
      guard error.isVerdict, !isFinal(transaction.value) else { return verdict }
      return .failure(error)
    }
    return verdict
  }

  /// Whether the log has the transaction. The recent ones are remembered; an older one cannot be valid any more, so that only
  /// those that came too late are looked for.
  private func isFinal(_ transaction: Transaction) -> Bool {
    if records.contains(transaction: transaction.id) { return true }
    guard transaction.notAfterHeight <= head.header.height else { return false }
    return ((try? index(ofTransaction: transaction.id)) ?? nil) != nil
  }

  private func decide(_ verdicts: [SignaturePool.Verdict], wait: Bool, _ pending: PendingSubmission) {
    guard verdicts.count == pending.count else { return pending.giveUp() }
    var accepted: [(position: Int, transaction: Authorized<Transaction>)] = []
    for (position, verdict) in verdicts.enumerated() {
      switch verdict {
      case .success(let transaction):
        if let receipt = receipt(of: transaction.value) {
          pending.set(position, .final(receipt))
        } else {
          accepted.append((position, transaction))
        }
      case .failure(let error): pending.set(position, .refused(error))
      }
    }
    guard !accepted.isEmpty else { return }
    core.enter { [self, accepted] core in
      core.submit(
        accepted.map(\.transaction),
        completions: accepted.map { position, transaction in
          { outcome in
            // It became final between the two looks.
            if case .refused(.duplicate) = outcome, let receipt = self.receipt(of: transaction.value) {
              pending.set(position, .final(receipt))
            } else {
              pending.set(position, outcome)
            }
          }
        }, wait: wait)
    }
  }

  /// The receipt of a transaction that is final already: submitting it again changes nothing and answers the same.
  private func receipt(of transaction: Transaction) -> ProtoProven? {
    guard isFinal(transaction) else { return nil }
    let head = head
    guard let index = try? index(ofTransaction: transaction.id), index < head.header.logSize, let entry = try? entry(at: index),
      let proof = try? withTiles({ try LogProver(edge: head.edge, source: $0).inclusionProof(index: index, size: head.header.logSize) })
    else { return nil }
    var receipt = ProtoProven()
    receipt.header = Data(head.header.bytes)
    if let certificate = head.certificate { receipt.certificate = certificate }
    receipt.log = [LogProof(entry: entry, proof: proof).message]
    return receipt
  }
}

/// Connections for reading, handed out in turn: a query waits for at most its share of the others.
final class StoreReaders: Sendable {
  struct Readers: Sendable {
    let chain: ChainReader
    let index: IndexReader
  }

  /// As many as event loops read at once.
  private static let count = 2

  private let all: [Readers]
  /// Apart, because a window of blocks takes longer than any query.
  let events: ChainReader
  private let turn = Atomic<Int>(0)

  init(_ store: Store) throws(StoreError) {
    var all: [Readers] = []
    for _ in 0..<Self.count { all.append(Readers(chain: try store.chainReader(), index: try store.indexReader())) }
    self.all = all
    events = try store.chainReader()
  }

  var next: Readers { all[turn.wrappingAdd(1, ordering: .relaxed).oldValue & (all.count - 1)] }
}

/// The outcomes of one call, until the last one is there.
final class PendingSubmission: Sendable {
  private let outcomes: Mutex<(list: [SubmitOutcome?], missing: Int)>
  private let promise: EventLoopPromise<[SubmitOutcome]>
  let count: Int

  init(count: Int, promise: EventLoopPromise<[SubmitOutcome]>) {
    self.count = count
    self.promise = promise
    outcomes = Mutex((Array(repeating: nil, count: count), count))
    if count == 0 { promise.succeed([]) }
  }

  var result: EventLoopFuture<[SubmitOutcome]> { promise.futureResult }

  /// The first outcome of a position counts.
  func set(_ position: Int, _ outcome: SubmitOutcome) {
    let all: [SubmitOutcome]? = outcomes.withLock { outcomes in
      guard outcomes.list[position] == nil else { return nil }
      outcomes.list[position] = outcome
      outcomes.missing -= 1
      return outcomes.missing == 0 ? outcomes.list.compactMap(\.self) : nil
    }
    if let all { promise.succeed(all) }
  }

  /// Nothing more is waited for.
  func giveUp() {
    for position in 0..<count { set(position, .undecided) }
  }
}
