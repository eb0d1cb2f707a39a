import CairnChain
import CairnCrypto
public import CairnLedger
import CairnMerkle
public import CairnStore

/// Derives everything in a data directory again from the genesis, and compares: row checksums, header chain, log and its tiles,
/// every transaction's signatures and execution, state roots, certificates, and the rows of `state.db`.
///
/// Signatures are checked on all cores, execution is one block after the other. The state is held in memory.
public struct ChainVerification: Sendable {
  /// What was found to be right.
  public struct Summary: Sendable, Equatable {
    public var height: UInt64 = 0
    /// Entries of the log, the newest header included.
    public var entries: UInt64 = 0
    public var transactions = 0
    public var operations = 0
    public var certificates = 0
    public var signatures = 0
    public var tiles = 0
    /// Rows of the state after the newest block.
    public var stateRows = 0
    /// Of `state.db`, which trails the chain; `nil` when it is empty and will be made again.
    public var storedStateHeight: UInt64?
    /// First block after a part of the chain that is missing, because the node began with a snapshot: from there on nothing was executed
    /// again. `nil` when nothing is missing.
    public var historyFrom: UInt64?
  }

  private let genesis: Genesis
  private let archive: StoreArchive

  public init(genesis: Genesis, archive: StoreArchive) {
    (self.genesis, self.archive) = (genesis, archive)
  }

  /// - Parameter progress: called now and then with the height that was reached and the last one.
  public func run(progress: (_ height: UInt64, _ last: UInt64) -> Void) async throws(ChainDamage) -> Summary {
    // What can be seen without executing anything comes first: it is found in seconds, wherever it is.
    try reading { [network = genesis.network] () throws(StoreError) in
      try archive.audit { Transaction.lookUpKeys(ofFinalized: $0, network: network) }
    }
    let head = try reading { () throws(StoreError) in try archive.chain.head() }
    guard let head else { throw .empty }
    let stored = try reading { () throws(StoreError) in try archive.state.head() }
    if let stored, stored.height > head.height { throw .stateRoot(height: stored.height) }
    let gap = try reading { () throws(StoreError) in try archive.chain.gap() }
    var replay = ChainReplay(genesis: genesis, archive: archive, storedState: stored)
    while replay.nextHeight <= head.height {
      let height = replay.nextHeight
      if let gap, gap.heights.contains(height) {
        return try await check(
          beyond: gap, signedBy: replay.consensus, storedState: stored, after: try replay.finish(), upTo: head.height, progress: progress)
      }
      let blocks = try reading { () throws(StoreError) in try archive.chain.blocks(from: height, count: ChainReader.windowCountLimit) }
      guard blocks.first?.header.height == height else { throw .parent(height: height) }
      // Of one epoch: who signs the blocks of the next is known when this one's are executed.
      let end = blocks.firstIndex { $0.header.fields.nextValidatorsHash != nil } ?? blocks.count - 1
      let epoch = Array(blocks[...end])
      for (block, checked) in zip(epoch, try await SignatureCheck(replay.consensus).check(epoch)) { try replay.execute(block, checked) }
      progress(replay.nextHeight - 1, head.height)
    }
    return try replay.finish()
  }

  private func check(
    beyond gap: HistoryGap, signedBy consensus: ConsensusVerifier, storedState: StateHead?, after summary: Summary, upTo last: UInt64,
    progress: (_ height: UInt64, _ last: UInt64) -> Void
  ) async throws(ChainDamage) -> Summary {
    var chain = try UnexecutedChain(archive: archive, gap: gap, signedBy: consensus, storedState: storedState, after: summary)
    while chain.nextHeight <= last {
      let height = chain.nextHeight
      let blocks = try reading { () throws(StoreError) in try archive.chain.blocks(from: height, count: ChainReader.windowCountLimit) }
      guard blocks.first?.header.height == height else { throw .parent(height: height) }
      let end = blocks.firstIndex { $0.header.fields.nextValidatorsHash != nil } ?? blocks.count - 1
      let epoch = Array(blocks[...end])
      for (block, checked) in zip(epoch, try await SignatureCheck(chain.consensus).check(epoch)) { try chain.check(block, checked) }
      progress(chain.nextHeight - 1, last)
    }
    return try chain.finish()
  }
}

func reading<Value>(_ body: () throws(StoreError) -> Value) throws(ChainDamage) -> Value {
  do { return try body() } catch { throw .store(error) }
}
