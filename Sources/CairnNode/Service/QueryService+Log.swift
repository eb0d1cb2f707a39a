import CairnChain
import CairnCrypto
import CairnMerkle
package import CairnMessages
import CairnNetwork

// The log. Sizes and indices are those of the newest header's log: everything before that header.
extension QueryService {
  /// A finalized transaction, found by its id.
  package func transaction(_ request: ProtoTransactionRequest) throws(ServiceFailure) -> ProvenAnswer {
    guard let id = Digest(request.transactionID) else {
      throw ServiceFailure(.invalidArgument, "invalid_transaction_id", "A transaction's id has 32 bytes: check the id.")
    }
    var answer = try answer(under: view, request.known)
    guard let index = try reading({ try backend.index(ofTransaction: id) }), index < answer.view.header.logSize else {
      if let height = backend.historyFrom { throw .historyNotHeld(from: height) }
      throw ServiceFailure(
        .notFound, "unknown_transaction", "No final transaction has this id: it may be pending, expired or refused; submit it again to see."
      )
    }
    answer.log = [try logProof(at: index, in: answer.view)]
    return answer
  }

  /// An entry of the log.
  package func entry(_ request: ProtoEntryRequest) throws(ServiceFailure) -> ProvenAnswer {
    var answer = try answer(under: view, request.known)
    answer.log = [try logProof(at: request.index, in: answer.view)]
    return answer
  }

  /// A finalized header: as an entry of the newest header's log, or as the newest header itself.
  package func header(_ request: ProtoHeaderRequest) throws(ServiceFailure) -> ProvenAnswer {
    var answer = try answer(under: view, request.known)
    let newest = answer.view.header
    guard let header = try header(request.which), header.height <= newest.height else {
      if let height = backend.historyFrom, mayBeMissing(request.which, before: height) { throw .historyNotHeld(from: height) }
      throw ServiceFailure(
        .notFound, "unknown_header", "No final block has this height or digest here: the chain is at height \(newest.height).")
    }
    if header.digest != newest.digest { answer.log = [try logProof(at: header.logSize, in: answer.view)] }
    return answer
  }

  /// Whether the header may be one of those that this node has not.
  private func mayBeMissing(_ which: ProtoHeaderRequest.OneOf_Which?, before first: UInt64) -> Bool {
    if case .height(let height) = which { height < first } else { true }
  }

  private func header(_ which: ProtoHeaderRequest.OneOf_Which?) throws(ServiceFailure) -> Header? {
    switch which {
    case .height(let height):
      return try reading { try backend.header(atHeight: height) }
    case .digest(let bytes):
      guard let digest = Digest(bytes) else {
        throw ServiceFailure(.invalidArgument, "invalid_digest", "A header's digest has 32 bytes: check the digest.")
      }
      return try reading { try backend.header(digest: digest) }
    case nil:
      throw ServiceFailure(.invalidArgument, "header_not_named", "The request names no header: give its height or its digest.")
    }
  }

  /// The proof alone, for whoever has the entry.
  package func inclusionProof(_ request: ProtoInclusionProofRequest) throws(ServiceFailure) -> ProvenAnswer {
    var answer = try answer(under: view, request.known)
    let proof = try logProof(at: request.index, in: answer.view)
    answer.log = [LogProof(entry: [], proof: proof.proof)]
    return answer
  }

  /// Between any two sizes that the log had: `log_size` of a header, or one more with the header itself.
  package func consistencyProof(_ request: ProtoConsistencyProofRequest) throws(ServiceFailure) -> ProtoConsistencyProof {
    let (view, old, new) = (view, request.oldSize, request.newSize)
    guard old > 0, old <= new, new <= view.head.edge.size else {
      throw ServiceFailure(
        .outOfRange, "sizes_out_of_range",
        "A proof leads from a size of at least 1 to one of at most \(view.head.edge.size): check the sizes.")
    }
    let root = try log(in: view) { try $0.root(size: new) }
    return try consistencyProof(from: old, to: new, root: root, in: view).message
  }

  /// - Parameter root: of the log at `newSize`.
  func consistencyProof(
    from oldSize: UInt64, to newSize: UInt64, root: Digest, in view: HeadView
  ) throws(ServiceFailure) -> LogConsistencyProof {
    let (proof, oldRoot) = try log(in: view) { log in
      (try log.consistencyProof(from: oldSize, to: newSize), try log.root(size: oldSize))
    }
    guard (try? proof.verify(oldRoot: oldRoot, newRoot: root)) != nil else { throw .logDamaged }
    return proof
  }

  /// An entry with its proof, which was verified: the store may be damaged, and the client shall hear of that from here.
  func logProof(at index: UInt64, in view: HeadView) throws(ServiceFailure) -> LogProof {
    let header = view.header
    guard index < header.logSize else {
      throw ServiceFailure(
        .outOfRange, "index_out_of_range", "The log has \(header.logSize) entries and none at index \(index): check the index.",
        metadata: ["log_size": "\(header.logSize)"])
    }
    guard let entry = try reading({ try backend.entry(at: index) }) else { throw .storageFailed }
    let proof = try log(in: view) { try $0.inclusionProof(index: index, size: header.logSize) }
    guard (try? proof.verify(leafHash: LogTree.leafHash(entry), size: header.logSize, root: header.logRoot)) != nil else {
      throw .logDamaged
    }
    return LogProof(entry: entry, proof: proof)
  }

  private func log<Result>(in view: HeadView, _ body: (LogProver) throws -> Result) throws(ServiceFailure) -> Result {
    try reading { try backend.withTiles { try body(LogProver(edge: view.head.edge, source: $0)) } }
  }

  func reading<Result>(_ body: () throws -> Result) throws(ServiceFailure) -> Result {
    do { return try body() } catch { throw ServiceFailure(reading: error) }
  }
}
