import CairnChain
import CairnCrypto
import CairnMerkle
import CairnStore
import Testing

@Suite struct ChainStoreTests {
  let directory = TemporaryDirectory()

  /// Genesis, then blocks of the given numbers of transactions.
  private func fill(_ store: Store, _ chain: inout TestChain, counts: [Int]) throws -> [FinalizedBlock] {
    var blocks: [FinalizedBlock] = []
    for (position, count) in counts.enumerated() {
      let block = try chain.next(transactions: TestChain.transactions(count, seed: UInt8(position & 0xff)))
      var batch = ChainBatch(validatorCount: TestChain.validatorCount)
      batch.commit = [block]
      try store.chain.write(batch)
      blocks.append(block)
    }
    return blocks
  }

  @Test("Blocks come back as they were written, by height, digest and log index")
  func blockRoundTrip() throws {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    let blocks = try fill(store, &chain, counts: [0, 3, 0, 1])
    let reader = try store.chainReader()
    for block in blocks {
      let stored = try #require(try reader.block(height: block.block.header.height))
      #expect(stored.proposal == block.proposal)
      #expect(stored.finalization == block.finalization)
      #expect(stored.validatorCount == 4)
      #expect(try reader.block(digest: block.block.digest) == stored)
      #expect(try reader.header(digest: block.block.digest) == block.block.header)
      #expect(try reader.header(height: block.block.header.height) == block.block.header)
      #expect(try reader.proposal(digest: block.block.digest)?.proposal == block.proposal)
    }
    let entries = blocks.flatMap(\.block.logEntries)
    for (index, entry) in entries.enumerated() {
      #expect(try reader.entry(at: UInt64(index)) == entry)
    }
    #expect(try reader.header(containing: 2) == blocks[1].block.header)
    #expect(try reader.entry(at: UInt64(entries.count)) == nil)
    #expect(try reader.entry(at: .max) == nil)
    #expect(try reader.block(height: 4) == nil)
    #expect(try reader.block(digest: .zero) == nil)
    #expect(try reader.head() == chain.head)
    #expect(store.chain.head == chain.head)
    #expect(store.chain.edge == chain.edge)
  }

  @Test("The log's edge is restored at every size around full tiles", arguments: [0, 1, 254, 255, 256, 257, 511, 513, 700])
  func edgeRestored(entries: Int) throws {
    var chain = try TestChain()
    do {
      let store = try Store.opened(directory)
      _ = try fill(store, &chain, counts: [0, entries / 2, entries - entries / 2])
    }
    let store = try Store.opened(directory)
    #expect(store.recovery.edge == chain.edge)
    #expect(store.recovery.head == chain.head)
    // And it goes on from there.
    _ = try store.chain.write(chain.batch(chain.next(transactions: TestChain.transactions(300, seed: 77))))
    #expect(store.chain.edge == chain.edge)
  }

  @Test("Two levels of full tiles are restored")
  func twoLevels() throws {
    var chain = try TestChain()
    do {
      let store = try Store.opened(directory)
      _ = try fill(store, &chain, counts: [0] + [Int](repeating: 9_000, count: 8))
      #expect(chain.edge.partialTiles.count == 3)
    }
    let store = try Store.opened(directory)
    #expect(store.recovery.edge == chain.edge)
  }

  @Test("Proofs are made from stored tiles")
  func proofs() throws {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    let blocks = try fill(store, &chain, counts: [0, 400, 300])
    let entries = blocks.flatMap(\.block.logEntries)
    let prover = LogProver(edge: store.chain.edge, source: try store.chainReader())
    let header = try #require(chain.head)
    for index in [0, 5, 255, 256, 600] {
      let proof = try prover.inclusionProof(index: UInt64(index), size: header.logSize)
      #expect(throws: Never.self) {
        try proof.verify(leafHash: entries[index].leafHash, size: header.logSize, root: header.logRoot)
      }
    }
  }

  @Test("A block that does not follow is refused, and nothing is written after it")
  func brokenLinks() throws {
    var chain = try TestChain()
    let genesis = try chain.next()
    let first = try chain.next(transactions: TestChain.transactions(2, seed: 1))
    let second = try chain.next()
    func refused(_ blocks: [FinalizedBlock], _ link: StoreError.BrokenLink) throws {
      let directory = TemporaryDirectory()
      let store = try Store.opened(directory)
      var batch = ChainBatch(validatorCount: 4)
      batch.commit = blocks
      #expect(throws: StoreError.notLinked(height: blocks.last?.block.header.height ?? 0, link: link)) { try store.chain.write(batch) }
      #expect(try store.chainReader().head() == nil)
      batch.commit = [genesis]
      #expect(throws: StoreError.self) { try store.chain.write(batch) }
    }
    try refused([first], .height)
    try refused([genesis, second], .height)
    let transactions = TestChain.transactions(2, seed: 2)
    let other = Block(header: first.block.header, transactions: transactions)
    try refused(
      [genesis, FinalizedBlock(proposal: Proposal(block: other, vote: nil, parent: nil, skips: []), finalization: nil)], .logRoot)
    let fewer = Block(header: first.block.header, transactions: [])
    try refused(
      [genesis, FinalizedBlock(proposal: Proposal(block: fewer, vote: nil, parent: nil, skips: []), finalization: nil)], .logSize)
    var fields = first.block.header.fields
    fields.parent = .zero
    let orphan = Block(header: Header(fields), transactions: first.block.transactions)
    try refused(
      [genesis, FinalizedBlock(proposal: Proposal(block: orphan, vote: nil, parent: nil, skips: []), finalization: nil)], .parent)
    fields = first.block.header.fields
    fields.network = .zero
    let foreign = Block(header: Header(fields), transactions: first.block.transactions)
    try refused(
      [genesis, FinalizedBlock(proposal: Proposal(block: foreign, vote: nil, parent: nil, skips: []), finalization: nil)], .network)
  }

  @Test("A finalization covers the blocks below it")
  func coveringFinalization() throws {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    var batch = ChainBatch(validatorCount: 4)
    batch.commit = [try chain.next(), try chain.next(finalized: false), try chain.next(), try chain.next(finalized: false)]
    try store.chain.write(batch)
    let reader = try store.chainReader()
    for height in UInt64(0)...2 {
      let found = try #require(try reader.finalization(covering: height))
      #expect(found.header.height == 2)
      #expect(found.certificate == batch.commit[2].finalization)
    }
    #expect(try reader.finalization(covering: 3) == nil)
    #expect(try reader.finalization(covering: .max) == nil)
  }

  @Test("A window ends at a finalization and stays within its bounds")
  func windows() throws {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    var batch = ChainBatch(validatorCount: 4)
    batch.commit = [try chain.next()]
    for height in 1...100 {
      batch.commit.append(
        try chain.next(transactions: TestChain.transactions(2, seed: UInt8(height), size: 5_000), finalized: height % 10 == 0))
    }
    try store.chain.write(batch)
    let reader = try store.chainReader()
    #expect(try reader.window(from: 1).map(\.header.height) == Array(1...60))
    #expect(try reader.window(from: 5, count: 20).map(\.header.height) == Array(5...20))
    #expect(try reader.window(from: 1, count: 3).map(\.header.height) == Array(1...10))
    #expect(try reader.window(from: 1, bytes: 250_000).last?.header.height == 20)
    #expect(try reader.window(from: 1, bytes: 10_000).isEmpty)
    #expect(try reader.window(from: 101).isEmpty)
    #expect(try reader.window(from: .max).isEmpty)
    #expect(try reader.blocks(from: 3, count: 4).map(\.header.height) == [3, 4, 5, 6])
    #expect(try reader.blocks(from: 3, count: 1_000).count == ChainReader.windowCountLimit)
    #expect(try reader.blocks(from: 3, count: 4, bytes: 0).count == 1)
  }

  @Test("The largest block is stored, and a larger one refused")
  func largeBlocks() throws {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    let genesis = try chain.next()
    let size = 59 << 10
    let transactions = (0..<17).map { [UInt8](repeating: UInt8($0), count: size) }
    let rest = Block.transactionByteLimit - 17 * size
    let large = try chain.next(transactions: transactions + [[UInt8](repeating: 99, count: rest)])
    var batch = ChainBatch(validatorCount: 4)
    batch.candidates = [large.proposal]
    try store.chain.write(batch)
    let reader = try store.chainReader()
    #expect(try reader.candidates() == [large.proposal])
    batch = ChainBatch(validatorCount: 4)
    batch.commit = [genesis, large]
    try store.chain.write(batch)
    #expect(try reader.candidates().isEmpty)
    #expect(try reader.block(height: 1)?.proposal == large.proposal)
    #expect(try reader.entry(at: 18) == .transaction([UInt8](repeating: 99, count: rest)))
    batch.commit = [try chain.next(transactions: [[UInt8](repeating: 1, count: Block.transactionByteLimit + 1)])]
    #expect(throws: StoreError.tooLarge(what: "bytes of a block", limit: 1 << 20, actual: 1 << 20 + 1)) { try store.chain.write(batch) }
  }

  @Test("Candidates, certificates and evidence come back, and are dropped 256 views below the finalized one")
  func recoveryRows() throws {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    _ = try chain.next()
    let early = try chain.next(transactions: [[1]])
    let late = try chain.next(skipping: 9)
    var batch = ChainBatch(validatorCount: 4)
    batch.candidates = [early.proposal, late.proposal]
    let nullification = try chain.certificate(.nullify(epoch: 0, view: 5))
    let notarization = try chain.certificate(.notarize(epoch: 0, view: 11, digest: late.block.digest))
    batch.certificates = [notarization, nullification, nullification]
    let conflict = try #require(
      Evidence(
        chain.vote(.nullify(epoch: 0, view: 3), validator: 2), chain.vote(.finalize(epoch: 0, view: 3, digest: .zero), validator: 2)))
    batch.evidence = [conflict, conflict]
    try store.chain.write(batch)
    let reader = try store.chainReader()
    #expect(try reader.candidates() == [early.proposal, late.proposal])
    #expect(try reader.candidates(above: ViewPosition(epoch: 0, view: 1)) == [late.proposal])
    #expect(try reader.candidates(limit: 1) == [late.proposal])
    #expect(try reader.proposal(digest: early.block.digest)?.proposal == early.proposal)
    #expect(try reader.certificates() == [nullification, notarization])
    #expect(try reader.certificates(above: ViewPosition(epoch: 0, view: 5)) == [notarization])
    #expect(try reader.evidence(epoch: 0) == [conflict])
    #expect(try reader.evidence(epoch: 1).isEmpty)

    batch = ChainBatch(validatorCount: 4)
    batch.finalized = ViewPosition(epoch: 0, view: 256 + 5)
    try store.chain.write(batch)
    #expect(try reader.candidates() == [late.proposal])
    #expect(try reader.certificates() == [notarization])
    batch.finalized = ViewPosition(epoch: 1, view: 0)
    try store.chain.write(batch)
    #expect(try reader.candidates().isEmpty)
    #expect(try reader.certificates().isEmpty)
    #expect(try reader.evidence(epoch: 0) == [conflict])
  }

  @Test("Evidence against one validator is bounded")
  func evidenceBounded() throws {
    let store = try Store.opened(directory)
    let chain = try TestChain()
    var batch = ChainBatch(validatorCount: 4)
    for view in UInt64(0)..<80 {
      batch.evidence.append(
        try #require(
          Evidence(
            chain.vote(.nullify(epoch: 0, view: view)), chain.vote(.finalize(epoch: 0, view: view, digest: .zero)))))
    }
    try store.chain.write(batch)
    #expect(try store.chainReader().evidence(epoch: 0).count == 64)
    #expect(Evidence(batch.evidence[0].first, batch.evidence[1].second) == nil)
  }

  @Test("The whole chain checks offline, and a changed tile does not")
  func offlineCheck() throws {
    var chain = try TestChain()
    do {
      let store = try Store.opened(directory)
      _ = try fill(store, &chain, counts: [Int](repeating: 10, count: 130))
    }
    #expect(try DataDirectory(path: directory.path).network() == TestChain.network)
    var heights = 0
    do {
      let reader = try DataDirectory(path: directory.path).chainReader(network: TestChain.network)
      #expect(try reader.checkChain { _ in heights += 1 } == chain.edge)
      #expect(heights == 130)
    }
    try directory.flipBit(ofColumn: "hashes", table: "tile", in: "chain.db")
    let reader = try DataDirectory(path: directory.path).chainReader(network: TestChain.network)
    #expect(throws: StoreError.corrupt(table: "tile", key: "0/0")) { try reader.checkChain { _ in } }
  }
}
