import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import CairnStore
import DequeModule
import Foundation
import NIOCore
import SwiftProtobuf

/// Fetches a snapshot from several peers at once, and the blocks around it. Lives on the core's event loop.
///
/// Nothing that a peer says is believed: a header comes with its certificate, a manifest folds to the header's `state_root`, each chunk to
/// its subtree in the manifest, each earlier version is proven by the newest, and the blocks lead from a proven header to a certificate.
/// So a peer that lies costs one request, and is asked no more. What was verified is on the disk, and is not fetched again after a crash.
final class SnapshotFetcher {
  /// Everything is on the disk and verified.
  struct Fetched: Sendable {
    let snapshot: OfferedSnapshot
    let incoming: IncomingSnapshot
    let tree: StateTree
  }

  enum Outcome {
    case fetched(Fetched)
    /// Nobody has a snapshot that is far enough ahead.
    ///
    /// - Parameter isKnown: whether enough answered for one to be honest: links may only be coming up.
    case nothingOffered(isKnown: Bool)
    /// Nobody who has it is left to be asked.
    case noSourceLeft
    /// All of it was there and it was not the state: it is not to be taken again.
    case useless(manifest: Digest)
    case failed(StoreError)
  }

  struct Parts {
    let loop: any EventLoop
    let links: any PeerLinks
    /// The other validators.
    let peers: [Int]
    /// What this node trusts: the first block of its epoch, and its validators.
    let anchor: TrustAnchor
    let scheme: any SignatureScheme
    let store: Store
    /// One at a time: verifies, and writes what was verified.
    let worker: any Workers
    let reader: ChainReader
  }

  /// A part that a peer is asked for.
  enum Part: Sendable {
    case chunk(SnapshotManifest.Chunk)
    case history(UInt32)
  }

  /// How long a peer may take for one answer.
  private static let timeout = TimeAmount.seconds(5)
  /// How long what all say is waited for.
  private static let listingTime = TimeAmount.seconds(1)
  /// Parts on their way from each peer: enough for a link that is long, and little memory.
  private static let partsInFlight = 4
  /// Answers that a peer may need to lead this node through epochs: some thousand of them.
  private static let pageLimit = 16
  /// Answers in a row that a peer may be late with before it is asked no more.
  private static let strikeLimit = 3

  private let parts: Parts
  private let minimumHeight: UInt64
  private let refused: Set<Digest>
  private let completion: (Outcome) -> Void
  private var isOver = false
  private var answerCount = 0
  private var listings: [(peer: Int, offers: [OfferedSnapshot])] = []
  private var snapshot: OfferedSnapshot?
  private var incoming: IncomingSnapshot?
  private var base: ChainBase?
  private var sources: [Int] = []
  private var strikes: [Int: Int] = [:]
  private var inFlight: [Int: Int] = [:]
  private var waiting: Deque<Part> = []
  private var isAtHistory = false
  /// The last block that was fetched, and the log that ends with it.
  private var tail: (header: Header, frontier: LogFrontier)?
  /// Whether there is a snapshot worth fetching; until then blocks are fetched.
  var hasChosen: Bool { snapshot != nil }
  /// Parts of the state that are here, and all of them.
  private(set) var progress: (done: Int, total: Int) = (0, 0)

  /// - Parameters:
  ///   - minimumHeight: a snapshot below it is not worth it.
  ///   - refused: manifests that turned out to be useless.
  ///   - completion: called once, on the loop.
  init(_ parts: Parts, above minimumHeight: UInt64, refused: Set<Digest>, completion: @escaping (Outcome) -> Void) {
    (self.parts, self.minimumHeight, self.refused, self.completion) = (parts, minimumHeight, refused, completion)
  }

  /// Nothing is asked for any more.
  func stop() { isOver = true }

  private func end(_ outcome: Outcome) {
    guard !isOver else { return }
    isOver = true
    completion(outcome)
  }

  private func ask(_ code: UInt16, _ message: some Message, of peer: Int) -> EventLoopFuture<ByteBuffer> {
    parts.links.request(code, NodeCore.encoded(message), to: peer, timeout: Self.timeout)
  }

  /// Does something on the worker, and goes on here.
  private func work<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result, then next: @escaping (Swift.Result<Result, any Error>) -> Void
  ) {
    parts.worker.run(on: parts.loop, body).assumeIsolated().whenComplete { [weak self] result in
      guard let self, !isOver else { return }
      if case .failure(let error as StoreError) = result { return end(.failed(error)) }
      next(result)
    }
  }
}

// Which snapshot, and from whom.
extension SnapshotFetcher {
  func start() {
    guard !parts.peers.isEmpty else { return end(.nothingOffered(isKnown: false)) }
    // One that does not answer is not waited for.
    _ = parts.loop.assumeIsolated().scheduleTask(in: Self.listingTime) { [weak self] in
      guard let self, !isOver, snapshot == nil, answerCount > 0 else { return }
      choose(among: listings)
    }
    for peer in parts.peers { list(peer, SnapshotListing(anchor: parts.anchor, scheme: parts.scheme), pages: Self.pageLimit) }
  }

  /// Asks a peer what it offers, and once more for as long as it leads through epochs towards that.
  private func list(_ peer: Int, _ known: SnapshotListing, pages: Int) {
    var request = ProtoSnapshotsRequest()
    request.epoch = known.client.epoch
    ask(PeerCode.snapshots, request, of: peer).flatMap { [worker = parts.worker, loop = parts.loop] payload in
      worker.run(on: loop) {
        var listing = known
        listing.add(payload)
        return listing
      }
    }.assumeIsolated().whenComplete { [weak self] answer in
      guard let self, !isOver else { return }
      let listing = (try? answer.get()) ?? known
      if case .success = answer, listing.isIncomplete, pages > 1 { return list(peer, listing, pages: pages - 1) }
      if case .success = answer { answerCount += 1 }
      listings.append((peer, listing.offers))
      if listings.count == parts.peers.count, snapshot == nil { choose(among: listings) }
    }
  }

  /// The newest that more offer than can be lying together; or else the newest.
  private func choose(among answers: [(peer: Int, offers: [OfferedSnapshot])]) {
    // Whoever says of another's manifest what that one does not say, offers something else.
    var offered: [[UInt8]: (snapshot: OfferedSnapshot, sources: [Int])] = [:]
    for (peer, offers) in answers {
      for offer in offers where offer.header.height >= minimumHeight && !refused.contains(offer.manifest) {
        offered[offer.identity, default: (offer, [])].sources.append(peer)
      }
    }
    let faulty = parts.anchor.validators.faults
    let best = offered.values.max { left, right in
      (left.sources.count > faulty ? 1 : 0, left.snapshot.header.height, left.sources.count, left.snapshot.manifest.description)
        < (right.sources.count > faulty ? 1 : 0, right.snapshot.header.height, right.sources.count, right.snapshot.manifest.description)
    }
    guard let best else { return end(.nothingOffered(isKnown: answerCount > faulty)) }
    (snapshot, sources) = (best.snapshot, best.sources)
    let (manifest, earliest, store, reader) = (best.snapshot.manifest, best.snapshot.base, parts.store, parts.reader)
    work { () throws -> (IncomingSnapshot, ChainBase, Bool) in
      let incoming = try store.incomingSnapshot()
      let base = Self.base(earliest, store, reader)
      guard let known = incoming.manifest, known.digest == manifest else { return (incoming, base, false) }
      try incoming.begin(known, base: base)
      return (incoming, base, true)
    } then: { [weak self] result in
      guard let self, case .success(let (incoming, base, isKnown)) = result else { return }
      (self.incoming, self.base) = (incoming, base)
      if isKnown { beginParts() } else { fetchManifest() }
    }
  }

  /// From where on blocks are fetched: what is here already need not be fetched.
  private static func base(_ offered: ChainBase, _ store: Store, _ reader: ChainReader) -> ChainBase {
    guard let head = store.chain.head, head.height > offered.header.height,
      let edge = try? LogProver(edge: store.chain.edge, source: reader).edge(size: head.logSize)
    else { return offered }
    return ChainBase(header: head, edge: edge) ?? offered
  }

  /// - Parameter known: what came so far, all from the first of the sources.
  private func fetchManifest(_ known: [UInt8] = []) {
    guard let snapshot, let peer = sources.first else { return end(.noSourceLeft) }
    var request = ProtoSnapshotPartRequest()
    request.manifest = Data(snapshot.manifest.bytes)
    request.manifestFrom = UInt32(known.count)
    ask(PeerCode.snapshotPart, request, of: peer).assumeIsolated().whenComplete { [weak self] answer in
      guard let self, !isOver else { return }
      // Exactly what was asked for: crumbs would take for ever.
      guard case .success(let payload) = answer, payload.readableBytes > 0,
        payload.readableBytes == min(SnapshotManifest.partByteLimit, snapshot.manifestByteCount - known.count)
      else { return fetchManifestElsewhere() }
      let bytes = known + [UInt8](buffer: payload)
      if bytes.count < snapshot.manifestByteCount { return fetchManifest(bytes) }
      begin(with: bytes, of: snapshot)
    }
  }

  private func fetchManifestElsewhere() {
    sources.removeFirst()
    fetchManifest()
  }

  private func begin(with bytes: [UInt8], of snapshot: OfferedSnapshot) {
    guard let incoming, let base else { return }
    work { () throws in
      guard SnapshotManifest.digest(of: bytes) == snapshot.manifest, let manifest = SnapshotManifest(decoding: bytes),
        manifest.height == snapshot.header.height, manifest.stateRoot == snapshot.header.stateRoot
      else { throw SnapshotFault.wrongManifest }
      try incoming.begin(manifest, base: base)
    } then: { [weak self] result in
      guard let self else { return }
      if case .success = result { beginParts() } else { fetchManifestElsewhere() }
    }
  }
}

// The state and its history, from all at once.
extension SnapshotFetcher {
  private func beginParts() {
    guard let incoming else { return }
    work {
      (try incoming.missingChunks(), incoming.manifest?.chunks.count ?? 0)
    } then: { [weak self] result in
      guard let self, case .success(let (missing, total)) = result else { return }
      waiting = Deque(missing.map(Part.chunk))
      progress = (total - missing.count, total)
      fill()
    }
  }

  private func beginHistory() {
    guard let incoming else { return }
    isAtHistory = true
    work {
      try incoming.missingHistory()
    } then: { [weak self] result in
      guard let self, case .success(let missing) = result else { return }
      waiting = Deque(missing.map(Part.history))
      progress.total += missing.count
      fill()
    }
  }

  /// Asks every source for as much as it may owe.
  private func fill() {
    guard !isOver else { return }
    var isAsking = true
    while isAsking, !waiting.isEmpty {
      isAsking = false
      for peer in sources where inFlight[peer, default: 0] < Self.partsInFlight {
        guard let part = waiting.popFirst() else { break }
        isAsking = true
        fetch(part, from: peer)
      }
    }
    guard inFlight.values.allSatisfy({ $0 == 0 }) else { return }
    guard waiting.isEmpty else { return end(.noSourceLeft) }
    if isAtHistory { beginBlocks() } else { beginHistory() }
  }

  private func fetch(_ part: Part, from peer: Int) {
    guard let snapshot, let incoming else { return }
    var request = ProtoSnapshotPartRequest()
    request.manifest = Data(snapshot.manifest.bytes)
    switch part {
    case .chunk(let chunk): request.chunk = Data(chunk.firstKey.bytes)
    case .history(let number): request.history = number
    }
    inFlight[peer, default: 0] += 1
    ask(PeerCode.snapshotPart, request, of: peer).flatMap { [worker = parts.worker, loop = parts.loop] payload in
      worker.run(on: loop) { try Self.take(part, [UInt8](buffer: payload), into: incoming) }
    }.assumeIsolated().whenComplete { [weak self] result in
      guard let self, !isOver else { return }
      inFlight[peer, default: 1] -= 1
      switch result {
      case .success:
        strikes[peer] = 0
        progress.done += 1
      case .failure(let error as StoreError): return end(.failed(error))
      case .failure(let error):
        waiting.append(part)
        blame(peer, isProven: error is SnapshotFault)
      }
      fill()
    }
  }

  /// Who sent what is wrong is asked no more; who sent nothing is given another chance or two.
  private func blame(_ peer: Int, isProven: Bool) {
    strikes[peer, default: 0] += isProven ? Self.strikeLimit : 1
    if strikes[peer, default: 0] >= Self.strikeLimit { sources.removeAll { $0 == peer } }
  }

  /// Verifies a part, and writes it. On the worker.
  private static func take(_ part: Part, _ bytes: [UInt8], into incoming: IncomingSnapshot) throws {
    switch part {
    case .chunk(let node):
      let chunk = try SnapshotChunk(bytes, of: node)
      for row in chunk.rows where RecordHistory.earlierVersions(value: row.value, record: row.record) == nil {
        throw SnapshotFault.wrongRecord
      }
      try incoming.add(chunk, of: node)
    case .history(let number):
      let versions = try SnapshotHistory(bytes).verified { key throws(StoreError) in
        try incoming.row(key).flatMap { RecordHistory.earlierVersions(value: $0.value, record: $0.record) }
      }
      try incoming.add(versions, number: number)
    }
  }
}

// The blocks from the base to one that a certificate finalizes beyond the snapshot.
extension SnapshotFetcher {
  private func beginBlocks() {
    guard let incoming, let snapshot else { return }
    work { () throws -> (header: Header, frontier: LogFrontier)? in
      guard let base = incoming.base else { return nil }
      var frontier = base.edge.frontier
      frontier.append(LogEntry.header(base.header.bytes).leafHash)
      var header = base.header
      try incoming.forEachBlock { block throws(StoreError) in
        for entry in block.block.logEntries { frontier.append(entry.leafHash) }
        header = block.header
      }
      return (header, frontier)
    } then: { [weak self] result in
      guard let self, case .success(let found) = result, let found else { return }
      tail = found
      // Only a block that a certificate finalizes ends a window.
      if found.header.height >= snapshot.header.height { finish() } else { fetchBlocks(from: 0) }
    }
  }

  /// - Parameter attempt: counts the answers that brought nothing.
  private func fetchBlocks(from attempt: Int) {
    guard let tail, let snapshot, let incoming else { return }
    guard let verifier = snapshot.verifier(after: tail.header, scheme: parts.scheme) else { return end(.noSourceLeft) }
    guard attempt < Self.strikeLimit * max(parts.peers.count, 1) else { return end(.noSourceLeft) }
    let peer = parts.peers[(Int(tail.header.height % 1_024) + attempt) % parts.peers.count]
    var request = ProtoBlocksRequest()
    request.fromHeight = tail.header.height + 1
    request.maxBlocks = UInt32(SyncWindow.blockLimit)
    ask(PeerCode.blocks, request, of: peer).flatMap { [worker = parts.worker, loop = parts.loop] payload in
      worker.run(on: loop) { try Self.take(payload, after: tail.header, tail.frontier, verifier, into: incoming) }
    }.assumeIsolated().whenComplete { [weak self] result in
      guard let self, !isOver else { return }
      switch result {
      case .success(let next):
        self.tail = next
        if next.header.height >= snapshot.header.height { finish() } else { fetchBlocks(from: 0) }
      case .failure(let error as StoreError): end(.failed(error))
      case .failure: fetchBlocks(from: attempt + 1)
      }
    }
  }

  private static func take(
    _ payload: ByteBuffer, after header: Header, _ frontier: LogFrontier, _ verifier: ConsensusVerifier, into incoming: IncomingSnapshot
  ) throws -> (header: Header, frontier: LogFrontier) {
    let window = try Window(payload, after: header, frontier: frontier, verifier: verifier)
    var (header, frontier) = (header, frontier)
    var blocks: [FinalizedBlock] = []
    for proposal in window.blocks.map(\.0.value) {
      for entry in proposal.block.logEntries { frontier.append(entry.leafHash) }
      header = proposal.block.header
      let isLast = header.digest == window.finalization.value.statement.digest
      blocks.append(FinalizedBlock(proposal: proposal, finalization: isLast ? window.finalization.value : nil))
    }
    try incoming.add(blocks, validatorCount: verifier.validators.count)
    return (header, frontier)
  }

  /// Reads everything once more, from the disk: that it is the state, and that no earlier version is missing.
  private func finish() {
    guard let snapshot, let incoming else { return }
    let header = snapshot.header
    work { () throws -> StateTree in
      var rows: [(key: Digest, value: [UInt8])] = []
      var expected: UInt64 = 0
      let found = try incoming.forEachRow { row throws(StoreError) in
        guard let earlier = RecordHistory.earlierVersions(value: row.value, record: row.record) else {
          throw .corrupt(table: "leaf", key: row.key.description)
        }
        expected += earlier.size
        rows.append((row.key, row.value))
      }
      let tree = StateTree(rows: rows)
      guard tree.root == header.stateRoot, found == expected else { throw SnapshotFault.incomplete }
      try incoming.complete(StateHead(height: header.height, root: header.stateRoot))
      return tree
    } then: { [weak self] result in
      guard let self else { return }
      guard case .success(let tree) = result else { return end(.useless(manifest: snapshot.manifest)) }
      end(.fetched(Fetched(snapshot: snapshot, incoming: incoming, tree: tree)))
    }
  }
}
