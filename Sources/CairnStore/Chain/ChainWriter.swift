public import CairnChain
import CairnCrypto
public import CairnMerkle
import Synchronization

/// The one writer of `chain.db` and of the safety log. Calls are taken one at a time; each returns when what it wrote is
/// durable, so it belongs on a thread that may wait for the disk.
public final class ChainWriter: Sendable {
  private let connection: Mutex<ChainConnection>

  init(_ connection: sending ChainConnection) { self.connection = Mutex(connection) }

  /// Makes one engine step durable: all of it, or nothing, and then this and every later call throws.
  ///
  /// `chain.db` is committed first and the safety log is synced second. So a crash in between leaves votes that nobody was shown
  /// in `chain.db` alone, together with the blocks they are about, and the next opening adds them to the log.
  public func write(_ batch: ChainBatch) throws(StoreError) {
    try connection.withLock { connection throws(StoreError) in try connection.write(batch) }
  }

  /// The newest block's header; `nil` before genesis is committed.
  public var head: Header? { connection.withLock { $0.head } }

  /// The log's right edge after the newest block, its header included.
  public var edge: LogTileEdge { connection.withLock { $0.edge } }

  /// The part of the chain that is missing here, because this node began with a snapshot.
  public var gap: HistoryGap? { connection.withLock { $0.gap } }

  /// Takes the chain up anew from a base on, with the verified blocks that were fetched after it; what lies between is missing from then
  /// on. Blocks that are here already are left out, and when the base is, nothing is missing.
  ///
  /// The base, and what the blocks say of it, must have been verified; and the state after one of the blocks must be at hand.
  ///
  /// - Parameter ends: verified; of the epochs that ended in what is missing.
  func install(_ base: ChainBase, ends: [EpochEnd], from incoming: IncomingSnapshot) throws(StoreError) {
    try connection.withLock { connection throws(StoreError) in
      try connection.install(base, ends: ends) { body throws(StoreError) in try incoming.forEachBlock(body) }
    }
  }

  /// Goes back to the last block before the part that is missing: the state after the newest one is lost, and nothing here leads to it.
  /// The safety records stay.
  func forgetBeyondGap() throws(StoreError) {
    try connection.withLock { connection throws(StoreError) in try connection.forgetBeyondGap() }
  }

  /// Forgets every safety record and starts a new log of them: what an operator's explicit word, or a later epoch in which this
  /// node has certainly not voted, allows after damage. Votes are taken again afterwards, for views above `floor` alone to be
  /// safe, which is the caller's to see to.
  ///
  /// A crash in the middle leaves the records damaged, and the call is to be made again.
  public func restartSafety(above floor: ViewPosition) throws(StoreError) {
    try connection.withLock { connection throws(StoreError) in try connection.restartSafety(above: floor) }
  }
}
