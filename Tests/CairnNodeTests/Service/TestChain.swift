import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import NIOCore
import NIOPosix
import Synchronization

@testable import CairnNode

/// The key with this number, always the same.
func key(_ number: Int) -> SigningKey {
  var seed = [UInt8](repeating: 9, count: SigningKey.seedByteCount)
  for byte in 0..<8 { seed[byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
  guard let key = SigningKey(seed: seed) else { preconditionFailure("a seed has 32 bytes") }
  return key
}

func sixteen(_ number: Int) -> [UInt8] { (0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 & 7))) } }

func document(_ number: Int, aliases: [String] = []) -> DIDDocument {
  DIDDocument(
    verificationMethods: [
      .init(fragment: "key-\(number)", multikey: Multikey(key(number).publicKey).bytes, purposes: [.authentication, .assertionMethod])
    ],
    alsoKnownAs: aliases)
}

func control(_ first: Int) throws -> Control { try Control(update: key(first).publicKey, next: key(first + 1).publicKey) }

/// A network of four validators with a chain in memory: real genesis, blocks, certificates and trees, without consensus and disk.
final class TestChain: NodeBackend {
  struct Broken: Error {}

  let metrics = NodeMetrics.discarded

  /// Answers to submissions, instead of the real ones.
  enum Forced { case overloaded, undecided }

  private struct State {
    var head: PublishedHead
    /// Not yet published; becomes the head after so many more looks at it.
    var next: (head: PublishedHead, looks: Int)?
    var entries: [[UInt8]]
    var headers: [Header]
    var tiles: [LogTileCoordinate: [Digest]] = [:]
    var transactions: [Digest: UInt64] = [:]
    var changes: [CairnDID: [UInt64]] = [:]
    var nonce = 0
    var forced: Forced?
    var busyMilliseconds: UInt64?
    var isBroken = false
    var blocks: [CertifiedBlock] = []
    var observers: [@Sendable () -> Void] = []
    var readCount = 0
    var lookCount = 0
  }

  static let template: GenesisTemplate = {
    do {
      return try GenesisTemplate(
        name: "services", timeMilliseconds: 1_000_000, parameters: Parameters(maxValidityBlocks: 100, trusteeThreshold: 1))
    } catch { preconditionFailure("\(error)") }
  }()

  /// Validator i votes with key 1000 + i. The first identity, with key 1, is a registrar.
  static let sharedGenesis: Genesis = {
    do {
      let entries = try (0..<4).map { index in
        let (consensus, node, identity) = (key(1000 + index), key(2000 + index), key(1 + 10 * index))
        return try GenesisEntry(
          validator: Validator(
            name: "node-\(index)", consensusKey: consensus.publicKey, nodeKey: node.publicKey, peerAddress: "node-\(index).example:1",
            clientAddress: "node-\(index).example:2"),
          control: control(1 + 10 * index), document: document(1 + 10 * index), salt: sixteen(index),
          roles: Roles(index == 0 ? [.trustee, .operator, .registrar, .issuer, .guardian] : [.operator])
        ).signed(for: template, consensusKey: consensus, nodeKey: node, identityKeys: [identity])
      }
      return try template.seal(entries)
    } catch { preconditionFailure("\(error)") }
  }()

  let genesis = TestChain.sharedGenesis
  let name = "node-0"
  let store = MemoryStore()
  private let state: Mutex<State>

  init() {
    let block = GenesisBlock(genesis, over: store)
    let entry = LogEntry.header(block.header.bytes).bytes
    var edge = LogTileEdge()
    _ = edge.append(LogTree.leafHash(entry))
    store.store(block.rows)
    var ledger = block.state
    ledger.finalize(through: 0)
    let head = PublishedHead(header: block.header, certificate: nil, state: ledger, edge: edge)
    state = Mutex(
      State(
        head: head, entries: [entry], headers: [block.header],
        blocks: [CertifiedBlock(block: Block(header: block.header, transactions: []), certificate: nil)]))
  }

  /// The DID that may enrol others; key 1 updates it.
  var registrar: CairnDID { genesis.dids.first { $0 == registrarDID } ?? registrarDID }
  private var registrarDID: CairnDID {
    for (did, roles) in zip(genesis.dids, genesis.roles) where roles.roles.contains(.registrar) { return did }
    preconditionFailure("the genesis has a registrar")
  }

  var anchor: TrustAnchor {
    let header = state.withLock { $0.headers[0] }
    return TrustAnchor(network: genesis.network, epoch: 0, height: 0, digest: header.digest, validators: genesis.validators)
  }

  /// Signed by the keys with these numbers.
  func transaction(_ operations: [LedgerOperation], signers: [Int], notAfter: UInt64? = nil) throws -> Transaction {
    let (nonce, height) = state.withLock { state in
      state.nonce += 1
      return (state.nonce, state.head.header.height)
    }
    let unsigned = UnsignedTransaction(
      network: genesis.network, submitter: registrar, notAfterHeight: notAfter ?? height + 50, nonce: sixteen(nonce), operations: operations
    )
    return try unsigned.signed(by: signers.map(key))
  }

  func creation(_ first: Int, aliases: [String] = []) throws -> LedgerOperation {
    try .create(control: control(first), document: document(first, aliases: aliases), salt: sixteen(first), network: genesis.network)
  }

  /// Enrols a DID that key `first` updates, in a block of its own.
  @discardableResult
  func enroll(_ first: Int, aliases: [String] = []) throws -> CairnDID {
    let creation = try creation(first, aliases: aliases)
    try commit([transaction([creation], signers: [1, first])])
    return creation.subject
  }

  /// Replaces the document, in a block of its own.
  func update(_ did: CairnDID, _ first: Int, aliases: [String]) throws {
    guard let record = try newest.state.version(of: did)?.record else { throw Broken() }
    let update = try LedgerOperation.update(
      did, after: record.head, document: document(first, aliases: aliases), network: genesis.network)
    try commit([transaction([update], signers: [1, first])])
  }

  func deactivate(_ did: CairnDID, _ first: Int) throws {
    guard let record = try newest.state.version(of: did)?.record else { throw Broken() }
    try commit([transaction([.deactivate(did, after: record.head, network: genesis.network)], signers: [1, first])])
  }

  /// In a block of its own; the registrar is a guardian too.
  func isolate(_ did: CairnDID, reason: String) throws {
    try commit([transaction([.isolate(did, reason: reason, network: genesis.network)], signers: [1])])
  }

  /// A finalized block of these transactions, all of which must apply.
  ///
  /// - Parameters:
  ///   - looks: how often the head is still seen as it was, while the store has moved on.
  ///   - isFinalizedLater: whether the block has no finalization of its own.
  func commit(_ transactions: [Transaction], afterLooks looks: Int = 0, isFinalizedLater: Bool = false) throws {
    let verifier = TransactionVerifier(network: genesis.network)
    let head = newest
    var execution = BlockExecution(on: head.state, timeMilliseconds: head.header.timeMilliseconds + 1000)
    for transaction in transactions { try execution.apply(try verifier.verify(transaction.bytes)) }
    let executed = execution.finish()
    let header = executed.header(view: head.header.view + 1, proposer: UInt32((head.header.view + 1) % 4))
    var ledger = try executed.sealed(with: header)
    store.store(executed.rows, superseded: executed.superseded)
    ledger.finalize(through: header.height)
    var edge = head.edge
    state.withLock { state in
      for transaction in transactions {
        let index = UInt64(state.entries.count)
        state.transactions[transaction.id] = index
        for did in Set(transaction.operations.compactMap(\.did)) { state.changes[did, default: []].append(index) }
        for tile in edge.append(transaction.leafHash) { state.tiles[tile.coordinate] = tile.hashes }
        state.entries.append(LogEntry.transaction(transaction.bytes).bytes)
      }
      let entry = LogEntry.header(header.bytes).bytes
      for tile in edge.append(LogTree.leafHash(entry)) { state.tiles[tile.coordinate] = tile.hashes }
      state.entries.append(entry)
      state.headers.append(header)
      let head = PublishedHead(header: header, certificate: certificate(of: header), state: ledger, edge: edge)
      state.blocks.append(
        CertifiedBlock(
          block: Block(header: header, transactions: transactions.map(\.bytes)), certificate: isFinalizedLater ? nil : head.certificate))
      if looks == 0 { state.head = head } else { state.next = (head, looks) }
    }
    for observer in state.withLock({ $0.observers }) { observer() }
  }

  private func certificate(of header: Header) -> ProtoCertificate? {
    let statement = Statement.finalize(epoch: header.epoch, view: header.view, digest: header.digest)
    let votes = (0..<4).compactMap { index in
      genesis.validators[index].flatMap { validator in
        (0..<4).map { key(1000 + $0) }.first { $0.publicKey == validator.consensusKey }
      }.map { Verified<Vote>.signed(statement, network: genesis.network, validator: index, key: $0) }
    }
    return Verified<Certificate>.assembled(from: votes.prefix(3), quorum: 3)?.value.message(validatorCount: 4)
  }

  /// Whether published or not.
  private var newest: PublishedHead { state.withLock { $0.next?.head ?? $0.head } }

  /// From now on there is no room for ordinary transactions; `nil` ends it.
  func setBusy(milliseconds: UInt64?) { state.withLock { $0.busyMilliseconds = milliseconds } }

  func force(_ outcome: Forced?) { state.withLock { $0.forced = outcome } }
  /// How often somebody asked for the head: once for each query.
  var lookCount: Int { state.withLock { $0.lookCount } }
  func breakDown() { state.withLock { $0.isBroken = true } }
  func damageEntry(_ index: Int) { state.withLock { $0.entries[index][10] ^= 1 } }
  func forgetChanges(of did: CairnDID) { state.withLock { $0.changes[did] = [] } }

  var head: PublishedHead {
    state.withLock { state in
      state.lookCount += 1
      if let next = state.next {
        state.next = next.looks > 1 ? (next.head, next.looks - 1) : nil
        if next.looks == 1 {
          defer { state.head = next.head }
          return state.head
        }
      }
      return state.head
    }
  }
}

extension TestChain {
  func entry(at index: UInt64) throws -> [UInt8]? {
    try working { state in Int(exactly: index).flatMap { state.entries.indices.contains($0) ? state.entries[$0] : nil } }
  }

  func header(atHeight height: UInt64) throws -> Header? {
    try working { state in Int(exactly: height).flatMap { state.headers.indices.contains($0) ? state.headers[$0] : nil } }
  }

  func header(containing index: UInt64) throws -> Header? { state.withLock { $0.headers.first { $0.logSize >= index } } }

  func header(digest: Digest) throws -> Header? { try working { $0.headers.first { $0.digest == digest } } }

  func index(ofTransaction id: Digest) throws -> UInt64? { try working { $0.transactions[id] } }

  func changes(of did: CairnDID, before index: UInt64, limit: Int) throws -> [UInt64] {
    try working { Array(($0.changes[did] ?? []).filter { $0 < index }.reversed().prefix(limit)) }
  }

  func withTiles<Result>(_ body: (any LogTileSource) throws -> Result) throws -> Result {
    try body(MemoryTiles(tiles: working { $0.tiles }))
  }

  func blocks(from height: UInt64, count: Int, bytes: Int) throws -> [CertifiedBlock] {
    try working { state in
      state.readCount += 1
      var found: [CertifiedBlock] = []
      var byteCount = 0
      for block in state.blocks.dropFirst(Int(clamping: height)).prefix(count) {
        byteCount += block.block.transactions.reduce(0) { $0 + $1.count }
        if !found.isEmpty && byteCount > bytes { break }
        found.append(block)
      }
      return found
    }
  }

  func finalization(covering height: UInt64) throws -> (header: Header, certificate: ProtoCertificate)? {
    try working { state in
      state.blocks.dropFirst(Int(clamping: height)).first { $0.certificate != nil }.flatMap { block in
        block.certificate.map { (block.block.header, $0) }
      }
    }
  }

  func read<Result: Sendable>(on loop: any EventLoop, _ body: @escaping @Sendable () throws -> Result) -> EventLoopFuture<Result> {
    NIOThreadPool.singleton.runIfActive(eventLoop: loop, body)
  }

  func observeHeads(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.observers.append(body) } }

  /// Windows of blocks that were read.
  var readCount: Int { state.withLock { $0.readCount } }

  private func working<Result>(_ body: (inout State) throws -> Result) throws -> Result {
    try state.withLock { state in
      guard !state.isBroken else { throw Broken() }
      return try body(&state)
    }
  }

  var busyMilliseconds: UInt64? { state.withLock { $0.busyMilliseconds } }

  func submit(
    _ transactions: [[UInt8]], wait: Bool, from connection: ClientConnection, on loop: any EventLoop
  ) -> EventLoopFuture<[SubmitOutcome]> {
    switch state.withLock({ $0.forced }) {
    case .overloaded: return loop.makeSucceededFuture(transactions.map { _ in .overloaded(retryAfterMilliseconds: 700) })
    case .undecided: return loop.makeSucceededFuture(transactions.map { _ in .undecided })
    case nil: return loop.makeSucceededFuture(transactions.map { outcome(of: $0, wait: wait) })
    }
  }

  private func outcome(of bytes: [UInt8], wait: Bool) -> SubmitOutcome {
    do {
      let transaction = try TransactionVerifier(network: genesis.network).verify(bytes)
      var execution = BlockExecution(on: head.state, timeMilliseconds: head.header.timeMilliseconds + 1000)
      try execution.apply(transaction)
      guard wait else { return .pending }
      try commit([transaction.value])
      var request = ProtoTransactionRequest()
      request.transactionID = .init(transaction.value.id.bytes)
      return .final(try QueryService(self, build: "").transaction(request).message)
    } catch let error as TransactionError {
      return .refused(error)
    } catch {
      return .undecided
    }
  }

  func status(on loop: any EventLoop) -> EventLoopFuture<ProtoNodeStatus> {
    var status = ProtoNodeStatus()
    status.info.node = name
    status.voting = true
    return loop.makeSucceededFuture(status)
  }
}

private struct MemoryTiles: LogTileSource {
  let tiles: [LogTileCoordinate: [Digest]]
  func fullTile(_ coordinate: LogTileCoordinate) throws -> [Digest] {
    guard let tile = tiles[coordinate] else { throw TestChain.Broken() }
    return tile
  }
}

/// A store that holds what it is given.
final class MemoryStore: FinalizedLedger {
  private let records = Mutex<[Digest: [UInt8]]>([:])
  private let superseded = Mutex<[Digest: [SupersededRecord]]>([:])

  func store(_ rows: [StateRow], superseded replaced: [SupersededRecord] = []) {
    records.withLock { records in
      for row in rows { records[row.key] = row.record }
    }
    superseded.withLock { superseded in
      for record in replaced { superseded[record.key, default: []].append(record) }
    }
  }

  func supersededRecord(forKey key: Digest, version: UInt64) -> [UInt8]? {
    superseded.withLock { $0[key]?.first { $0.version == version }?.record }
  }

  func supersededLeafHashes(forKey key: Digest, count: UInt64) -> [Digest] {
    superseded.withLock { ($0[key] ?? []).prefix(Int(count)).map { LogTree.leafHash($0.record) } }
  }

  func record(forKey key: Digest) -> [UInt8]? { records.withLock { $0[key] } }
  func contains(transaction id: Digest) -> Bool { false }
}

extension LedgerOperation {
  /// The DID that the operation makes or changes, where there is one.
  var subject: CairnDID {
    guard let did else { preconditionFailure("an operation on a DID") }
    return did
  }
}
