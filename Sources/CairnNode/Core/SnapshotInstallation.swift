import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnStore

/// Puts a fetched snapshot in the place of the state, and executes the blocks after it. On the worker that writes the state.
struct SnapshotInstallation: Sendable {
  /// Where the node is afterwards.
  struct Result: Sendable {
    let state: LedgerState
    let finalization: Certificate
    /// n of the epoch of that finalization.
    let validatorCount: Int
    let edge: LogTileEdge
    /// The block that the state's epoch goes on from.
    let epochGenesis: Header
  }

  let genesis: Genesis
  let store: Store
  let reader: ChainReader
  let records: FinalizedRecords
  /// Of the epoch that the node was in.
  let epochGenesis: Header
  let fetched: SnapshotFetcher.Fetched

  func run() throws(NodeFailure) -> Result {
    try storing { () throws(StoreError) in try store.install(fetched.incoming, ends: fetched.snapshot.epochEnds) }
    records.restart()
    let state = try StateReplay(genesis: genesis, store: store, reader: reader, records: records).run(from: fetched.tree)
    let found = try storing { () throws(StoreError) in try reader.finalization(covering: state.height) }
    guard let found, found.header.digest == state.header.digest else {
      throw .chainDiverges(height: state.height, reason: "missing_finalization")
    }
    return Result(
      state: state, finalization: found.certificate, validatorCount: found.validatorCount, edge: store.chain.edge,
      epochGenesis: try Recovery.genesis(of: state, epochGenesis, reader))
  }
}
