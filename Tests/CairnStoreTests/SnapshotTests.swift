import CairnChain
import CairnCrypto
import CairnMerkle
import CairnStore
import Foundation
import Testing

@Suite struct SnapshotTests {
  /// A node with a chain of 300 blocks, whose state after block 290 has 2,000 rows, one of them with a long history.
  struct Source {
    static let stateHeight: UInt64 = 290
    static let baseHeight: UInt64 = 200

    let directory = TemporaryDirectory()
    let store: Store
    var chain: TestChain
    let rows: [StateRow]
    let history: [SupersededRow]
    let base: ChainBase

    init() throws {
      store = try Store.opened(directory)
      chain = try TestChain()
      let first = StateRow(key: .sha256([9, 9]), value: [1], record: [UInt8](repeating: 7, count: 100))
      let others: [StateRow] = (0..<2_000).map { (index: Int) -> StateRow in
        let low = UInt8(index & 0xff)
        return StateRow(key: .sha256([low, UInt8(index >> 8)]), value: [0, low], record: [UInt8](repeating: low, count: 600))
      }
      rows = [first] + others
      // Longer than a piece, so that it is cut.
      history = (0..<700).map { (version: Int) -> SupersededRow in
        SupersededRow(key: first.key, version: UInt64(version), record: [UInt8](repeating: UInt8(version & 0xff), count: 1_000))
      }
      let root = StateTree(rows: rows.map { ($0.key, $0.value) }).root
      for height in 0..<300 {
        let block = try chain.next(
          transactions: height == 0 ? [] : TestChain.transactions(3, seed: UInt8(height & 0xff)),
          stateRoot: height == Int(Self.stateHeight) ? root : nil)
        var batch = ChainBatch(validatorCount: TestChain.validatorCount)
        batch.commit = [block]
        try store.chain.write(batch)
      }
      try store.state.apply(rows, superseded: history, height: Self.stateHeight, root: root)
      let reader = try store.chainReader()
      let header = try #require(try reader.header(height: Self.baseHeight))
      let edge = try LogProver(edge: store.chain.edge, source: reader).edge(size: header.logSize)
      base = try #require(ChainBase(header: header, edge: edge))
    }

    var frontier: LogFrontier {
      var frontier = LogFrontier()
      for row in history { frontier.append(row.leafHash) }
      return frontier
    }

    func makeSnapshot() throws -> SnapshotManifest {
      let view = try #require(try store.stateView())
      let (key, count) = (history[0].key, UInt64(history.count))
      let first = rows[0]
      let maker = try store.snapshotMaker(of: view) { value, record in value == first.value && record == first.record ? count : 0 }
      // What changes meanwhile is not in it.
      try store.state.apply(
        [StateRow(key: key, value: [2], record: [3])], superseded: [SupersededRow(key: key, version: count, record: [4])],
        height: Self.stateHeight + 1, root: .sha256([1]))
      while try maker.makeSlice() {}
      return try manifest()
    }

    func manifest() throws -> SnapshotManifest {
      let offer = try #require(store.snapshots.offers.first)
      var bytes: [UInt8] = []
      while bytes.count < offer.manifestByteCount {
        bytes += try #require(store.snapshots.manifest(offer.manifest, from: UInt32(bytes.count)))
      }
      #expect(SnapshotManifest.digest(of: bytes) == offer.manifest)
      return try #require(SnapshotManifest(decoding: bytes))
    }

    func chunk(_ chunk: SnapshotManifest.Chunk, of manifest: SnapshotManifest) throws -> [UInt8] {
      try #require(try store.snapshots.chunk(of: manifest.digest, from: chunk.firstKey))
    }

    func pieceOfHistory(_ number: UInt32, of manifest: SnapshotManifest) throws -> [UInt8] {
      try #require(try store.snapshots.history(of: manifest.digest, number))
    }
  }

  @Test("A snapshot is the state at one moment, in pieces that each prove themselves")
  func pieces() throws {
    let source = try Source()
    let manifest = try source.makeSnapshot()
    #expect(manifest.height == Source.stateHeight)
    #expect(manifest.stateRoot == StateTree(rows: source.rows.map { ($0.key, $0.value) }).root)
    #expect(manifest.chunks.count > 3)
    var rows: [StateRow] = []
    for chunk in manifest.chunks {
      let bytes = try source.chunk(chunk, of: manifest)
      #expect(bytes.count <= SnapshotManifest.chunkByteTarget)
      rows += try SnapshotChunk(bytes, of: chunk).rows
    }
    #expect(rows == source.rows.sorted { $0.key < $1.key })
    #expect(manifest.historyCount > 1)
    var versions: [SupersededRow] = []
    for number in 0..<manifest.historyCount {
      versions += try SnapshotHistory(try source.pieceOfHistory(number, of: manifest)).verified { key throws(StoreError) in
        key == source.history[0].key ? source.frontier : nil
      }
    }
    #expect(versions == source.history)
    #expect(source.store.snapshots.newestHeight == Source.stateHeight)
  }

  @Test("What is not exactly the piece is refused")
  func wrongPieces() throws {
    let source = try Source()
    let manifest = try source.makeSnapshot()
    let (first, second) = (manifest.chunks[0], manifest.chunks[1])
    let bytes = try source.chunk(first, of: manifest)
    #expect(throws: SnapshotFault.wrongChunk) { try SnapshotChunk(bytes, of: second) }
    #expect(throws: SnapshotFault.malformed) { try SnapshotChunk(Array(bytes.dropLast()), of: first) }
    #expect(throws: SnapshotFault.malformed) { try SnapshotChunk([UInt8](repeating: 0xff, count: 1_000), of: first) }
    #expect(throws: SnapshotFault.tooLarge) { try SnapshotChunk([UInt8](repeating: 0, count: SnapshotChunk.byteLimit + 1), of: first) }
    #expect(throws: SnapshotFault.wrongChunk) { try SnapshotChunk([], of: first) }
    var changed = bytes
    changed[32 + 2] ^= 1
    #expect(throws: SnapshotFault.wrongChunk) { try SnapshotChunk(changed, of: first) }

    let piece = try source.pieceOfHistory(0, of: manifest)
    var other = LogFrontier()
    for _ in source.history { other.append(.sha256([5])) }
    for frontier in [other, LogFrontier(), nil] {
      #expect(throws: SnapshotFault.wrongHistory) { try SnapshotHistory(piece).verified { _ throws(StoreError) in frontier } }
    }
    #expect(throws: SnapshotFault.malformed) { try SnapshotHistory(Array(piece.dropLast())) }
    var forged = piece
    forged[forged.count / 2] ^= 1
    #expect(throws: (any Error).self) { try SnapshotHistory(forged).verified { _ throws(StoreError) in source.frontier } }
  }

  @Test("Manifests of any other shape are refused")
  func manifests() throws {
    let source = try Source()
    let manifest = try source.makeSnapshot()
    #expect(SnapshotManifest(decoding: manifest.bytes) == manifest)
    #expect(SnapshotManifest(decoding: []) == nil)
    #expect(SnapshotManifest(decoding: Array(manifest.bytes.dropLast())) == nil)
    #expect(SnapshotManifest(decoding: [UInt8](repeating: 0, count: SnapshotManifest.byteLimit + 64)) == nil)
    let fewer = SnapshotManifest(height: manifest.height, chunks: Array(manifest.chunks.dropFirst()), historyCount: 0)
    #expect(fewer.stateRoot != manifest.stateRoot)
    let twice = SnapshotManifest(height: manifest.height, chunks: manifest.chunks + [manifest.chunks[0]], historyCount: 0)
    #expect(twice.stateRoot == nil)
    #expect(source.store.snapshots.manifest(.sha256([]), from: 0) == nil)
    #expect(source.store.snapshots.manifest(manifest.digest, from: .max) == nil)
  }

  /// Everything of the source's snapshot, as far as it is missing.
  private func fetch(_ source: Source, _ manifest: SnapshotManifest, into incoming: IncomingSnapshot, chunkLimit: Int = .max) throws {
    try incoming.begin(manifest, base: source.base)
    for chunk in try incoming.missingChunks().prefix(chunkLimit) {
      try incoming.add(try SnapshotChunk(source.chunk(chunk, of: manifest), of: chunk), of: chunk)
    }
    guard chunkLimit == .max else { return }
    for number in try incoming.missingHistory() {
      let history = try SnapshotHistory(source.pieceOfHistory(number, of: manifest))
      try incoming.add(try history.verified { _ throws(StoreError) in source.frontier }, number: number)
    }
    let blocks = try (201..<300 as Range<UInt64>).map { try #require(try source.store.chainReader().block(height: $0)) }
    try incoming.add(
      blocks.map { FinalizedBlock(proposal: $0.proposal, finalization: $0.finalization) }, validatorCount: TestChain.validatorCount)
    #expect(try incoming.forEachRow { _ throws(StoreError) in } == UInt64(source.history.count))
    try incoming.complete(StateHead(height: manifest.height, root: try #require(manifest.stateRoot)))
  }

  /// A node of the same network that has the first blocks alone.
  private func newStore(_ source: Source, in directory: TemporaryDirectory, faults: any StoreFaults = NoFaults()) throws -> Store {
    let store = try Store.opened(directory, faults: faults)
    if store.chain.head == nil {
      var batch = ChainBatch(validatorCount: TestChain.validatorCount)
      batch.commit = try (0..<5 as Range<UInt64>).map { height in
        let block = try #require(try source.store.chainReader().block(height: height))
        return FinalizedBlock(proposal: block.proposal, finalization: block.finalization)
      }
      try store.chain.write(batch)
      try store.state.apply([], height: 0, root: .sha256([]))
    }
    return store
  }

  private func expectInstalled(_ store: Store, _ source: Source) throws {
    #expect(store.chain.head?.height == 299)
    #expect(store.chain.edge == source.store.chain.edge)
    #expect(store.state.head?.height == Source.stateHeight)
    let reader = try store.chainReader()
    #expect(try reader.gap()?.heights == 5...200)
    #expect(try reader.blocks(from: 0, count: 64).count == 5)
    #expect(try reader.blocks(from: 5, count: 64).isEmpty)
    #expect(try reader.blocks(from: 201, count: 64).count == 64)
    #expect(try reader.header(height: 200) == source.base.header)
    let missing = try #require(try source.store.chainReader().header(height: 100)).logSize
    #expect(throws: StoreError.historyNotHeld(from: 201)) { try reader.entry(at: missing) }
    // What is proven of the part that is here needs nothing of the part that is missing.
    let head = try #require(store.chain.head)
    let prover = LogProver(edge: store.chain.edge, source: reader)
    for index in source.base.header.logSize + 1..<head.logSize {
      let entry = try #require(try reader.entry(at: index))
      try prover.inclusionProof(index: index, size: head.logSize)
        .verify(leafHash: LogTree.leafHash(entry.bytes), size: head.logSize, root: head.logRoot)
    }
    #expect(throws: StoreError.historyNotHeld(from: 201)) { try prover.inclusionProof(index: missing, size: head.logSize) }
    #expect(try reader.checkChain { _ in } == store.chain.edge)
    let state = try store.stateReader()
    for row in source.rows { #expect(try state.row(row.key) == row) }
    #expect(try state.supersededLeafHashes(source.history[0].key, count: 700) == source.history.map(\.leafHash))
  }

  @Test("A node begins again with a snapshot, goes on, and finds itself there when it is opened again")
  func installs() throws {
    var source = try Source()
    let manifest = try source.makeSnapshot()
    let directory = TemporaryDirectory()
    do {
      let store = try newStore(source, in: directory)
      let early = try store.stateReader()
      let incoming = try store.incomingSnapshot()
      try fetch(source, manifest, into: incoming)
      try store.install(incoming)
      try expectInstalled(store, source)
      // Who had the old state open reads the new one.
      #expect(try early.row(source.rows[1].key) == source.rows[1])
      var batch = ChainBatch(validatorCount: TestChain.validatorCount)
      batch.commit = [try source.chain.next(transactions: TestChain.transactions(300, seed: 1))]
      try store.chain.write(batch)
      try store.index.add(batch.commit.map(\.block))
    }
    let again = try newStore(source, in: directory)
    #expect(again.chain.head?.height == 300)
    #expect(again.chain.edge == source.chain.edge)
    #expect(again.index.height == 300)
  }

  @Test("What was verified is not fetched again after a crash")
  func resumes() throws {
    let source = try Source()
    let manifest = try source.makeSnapshot()
    let directory = TemporaryDirectory()
    do {
      let store = try newStore(source, in: directory)
      try fetch(source, manifest, into: try store.incomingSnapshot(), chunkLimit: 2)
    }
    let store = try newStore(source, in: directory)
    let incoming = try store.incomingSnapshot()
    #expect(incoming.manifest == manifest)
    #expect(try incoming.missingChunks() == Array(manifest.chunks.dropFirst(2)))
    try fetch(source, manifest, into: incoming)
    try store.install(incoming)
    try expectInstalled(store, source)
  }

  @Test("A crash at any moment of the installation leaves the old chain or leads to the new one")
  func crashes() throws {
    let source = try Source()
    let manifest = try source.makeSnapshot()
    let counting = ScriptedFaults()
    do {
      let directory = TemporaryDirectory()
      let store = try newStore(source, in: directory, faults: counting)
      let incoming = try store.incomingSnapshot()
      try fetch(source, manifest, into: incoming)
      counting.fail(at: nil)
      try store.install(incoming)
    }
    let events = counting.events.count
    #expect(events > 8)
    for event in 0..<events {
      let directory = TemporaryDirectory()
      let faults = ScriptedFaults()
      do {
        let store = try newStore(source, in: directory, faults: faults)
        let incoming = try store.incomingSnapshot()
        try fetch(source, manifest, into: incoming)
        faults.fail(at: event)
        #expect(throws: StoreError.self, "at \(event)") { try store.install(incoming) }
      }
      let store = try newStore(source, in: directory)
      if store.chain.gap == nil {
        #expect(store.chain.head?.height == 4, "at \(event)")
        let incoming = try store.incomingSnapshot()
        #expect(try incoming.missingChunks().isEmpty, "at \(event)")
        try store.install(incoming)
      }
      try expectInstalled(store, source)
    }
  }

  @Test("Without a state the chain behind the gap is of no use, and is let go of")
  func stateLost() throws {
    let source = try Source()
    let manifest = try source.makeSnapshot()
    let directory = TemporaryDirectory()
    do {
      let store = try newStore(source, in: directory)
      let incoming = try store.incomingSnapshot()
      try fetch(source, manifest, into: incoming)
      try store.install(incoming)
    }
    for name in ["state.db", "state.db-wal", "state.db-shm"] { try? FileManager.default.removeItem(atPath: directory.file(name)) }
    let store = try newStore(source, in: directory)
    #expect(store.chain.gap == nil)
    #expect(store.chain.head?.height == 4)
    #expect(store.recovery.head?.height == 4)
    let incoming = try store.incomingSnapshot()
    try fetch(source, manifest, into: incoming)
    try store.install(incoming)
    try expectInstalled(store, source)
  }

  @Test("Two snapshots are kept, and nothing of one that was not finished")
  func retention() throws {
    let source = try Source()
    for height in 1...4 as ClosedRange<UInt64> {
      try source.store.state.apply(source.rows, height: height, root: StateTree(rows: source.rows.map { ($0.key, $0.value) }).root)
      let view = try #require(try source.store.stateView())
      let maker = try source.store.snapshotMaker(of: view) { _, _ in 0 }
      while try maker.makeSlice() {}
    }
    #expect(source.store.snapshots.offers.map(\.height) == [4, 3])
    let names = try FileManager.default.contentsOfDirectory(atPath: source.directory.file("snapshots")).filter { $0.hasSuffix(".db") }
    #expect(Set(names) == ["3.db", "4.db"])

    let copy = try source.directory.copy()
    try Data([1, 2, 3]).write(to: URL(filePath: copy.file("snapshots/5.db.new")))
    try Data([1, 2, 3]).write(to: URL(filePath: copy.file("snapshots/2.db")))
    let again = try Store.opened(copy)
    #expect(again.snapshots.offers.map(\.height) == [4, 3])
    #expect(!FileManager.default.fileExists(atPath: copy.file("snapshots/5.db.new")))
    #expect(!FileManager.default.fileExists(atPath: copy.file("snapshots/2.db")))
  }
}
