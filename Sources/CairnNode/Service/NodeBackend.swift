package import CairnChain
package import CairnCrypto
package import CairnIdentity
package import CairnLedger
package import CairnMerkle
package import CairnMessages
package import NIOCore

/// One finalized version of everything that a query reads. Immutable: a query holds it, and nothing waits for it.
package struct PublishedHead: Sendable {
  package let header: Header
  /// The finalization of this very header; `nil` only for the genesis block.
  package let certificate: ProtoCertificate?
  package let state: LedgerState
  /// The log that ends with this header.
  package let edge: LogTileEdge

  package init(header: Header, certificate: ProtoCertificate?, state: LedgerState, edge: LogTileEdge) {
    precondition(edge.size == header.logSize + 1, "the log ends with the header")
    self.header = header
    self.certificate = certificate
    self.state = state
    self.edge = edge
  }
}

/// A finalized block as streams need it.
package struct CertifiedBlock: Sendable {
  package let block: Block
  /// The block's own finalization; `nil` when it became final with a later one.
  package let certificate: ProtoCertificate?

  package init(block: Block, certificate: ProtoCertificate?) {
    (self.block, self.certificate) = (block, certificate)
  }
}

/// What became of one submitted transaction.
package enum SubmitOutcome: Sendable {
  /// It is final: a ``Proven`` with one log proof, its entry's, and no payload.
  case final(ProtoProven)
  /// Verified, and waiting for a block here.
  case pending
  case refused(TransactionError)
  /// No room: the submitter's share or the whole mempool is taken. Try again after so many milliseconds.
  case overloaded(retryAfterMilliseconds: UInt64)
  /// Not decided in time; it may still become final. Submitting it again is harmless.
  case undecided
}

/// What the services ask of a node; they know nothing else of it. Every method may be called from any thread.
package protocol NodeBackend: Sendable {
  var genesis: Genesis { get }
  /// Name of the validator that this node is.
  var name: String { get }
  var head: PublishedHead { get }
  var metrics: NodeMetrics { get }
  /// How an epoch ended.
  ///
  /// - Parameter index: of an entry of the log in its last block.
  func end(ofEpoch epoch: UInt64, containing index: UInt64) throws -> (header: Header, certificate: ProtoCertificate)?
  /// First block that this node has after a part of the chain that it has not, because it began with a snapshot; `nil` when it has all.
  var historyFrom: UInt64? { get }

  /// `LogEntry` bytes; `nil` at or beyond the end of the finalized log.
  func entry(at index: UInt64) throws -> [UInt8]?
  func header(atHeight height: UInt64) throws -> Header?
  func header(digest: Digest) throws -> Header?
  /// The header of the block that an entry is in.
  func header(containing index: UInt64) throws -> Header?
  /// Log index of a finalized transaction.
  func index(ofTransaction id: Digest) throws -> UInt64?
  /// Log indices of the transactions that changed a DID, below an index, newest first. Its creation in the genesis is none.
  func changes(of did: CairnDID, before index: UInt64, limit: Int) throws -> [UInt64]
  /// Full tiles of the finalized log, on the calling thread.
  func withTiles<Result>(_ body: (any LogTileSource) throws -> Result) throws -> Result

  /// Consecutive finalized blocks, of about so many bytes together: at least one if there is one at this height, however large it is. On
  /// the calling thread, which waits for the disk.
  func blocks(from height: UInt64, count: Int, bytes: Int) throws -> [CertifiedBlock]
  /// The first finalization at or above a height.
  func finalization(covering height: UInt64) throws -> (header: Header, certificate: ProtoCertificate)?
  /// Runs what waits for the disk, in turn with others of its kind, on a thread that neither consensus nor other queries need.
  func read<Result: Sendable>(on loop: any EventLoop, _ body: @escaping @Sendable () throws -> Result) -> EventLoopFuture<Result>
  /// Calls `body` after each head that is published, on a thread that it must not keep.
  func observeHeads(_ body: @escaping @Sendable () -> Void)

  /// For how long clients should keep ordinary transactions to themselves; `nil` when one more would be looked at now.
  var busyMilliseconds: UInt64? { get }

  /// - Parameters:
  ///   - wait: whether the outcome is the final one; otherwise `pending` follows verification.
  ///   - connection: whose transactions they are, for taking turns.
  /// - Returns: outcomes in the order of the transactions.
  func submit(
    _ transactions: [[UInt8]], wait: Bool, from connection: ClientConnection, on loop: any EventLoop
  ) -> EventLoopFuture<[SubmitOutcome]>

  /// The node's local view, for its operator.
  func status(on loop: any EventLoop) -> EventLoopFuture<ProtoNodeStatus>
}

extension NodeBackend {
  package var historyFrom: UInt64? { nil }

  package func end(ofEpoch epoch: UInt64, containing index: UInt64) throws -> (header: Header, certificate: ProtoCertificate)? {
    guard let header = try header(containing: index), let end = try finalization(covering: header.height), end.header == header
    else { return nil }
    return end
  }

  /// Why there is no block of this height, when that is because this node began with a snapshot.
  func notHeld(_ height: UInt64) -> ServiceFailure? {
    historyFrom.flatMap { height < $0 ? .historyNotHeld(from: $0) : nil }
  }
}
