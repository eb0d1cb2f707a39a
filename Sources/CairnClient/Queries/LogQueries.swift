public import CairnChain
public import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnProtocol
import Foundation
import NIOCore

/// An entry of the log with the proof that it stands there.
public struct ProvenEntry: Equatable, Sendable {
  public let index: UInt64
  public let entry: LogEntry
  /// The entry is part of the log that this header states.
  public let header: CertifiedHeader
  public let proof: LogProof
}

/// That a transaction is final.
public struct Receipt: Equatable, Sendable {
  /// H("cairn/tx-id/v1" || 0x00 || body).
  public let transactionID: Digest
  /// Position in the log.
  public let index: UInt64
  /// The transaction as it stands in the log: the body that was submitted, with the signatures of whoever was first.
  public let transaction: [UInt8]
  /// The transaction is part of the log that this header states.
  public let header: CertifiedHeader
  public let proof: LogProof

  /// - Throws: when the proof is good but of another entry.
  init(of id: Digest, _ message: ProtoProven, under header: CertifiedHeader, network: Digest) throws(EndpointProblem) {
    let proven = try ProvenEntry(message, under: header)
    guard case .transaction(let bytes) = proven.entry, let transaction = try? Transaction(decoding: bytes, network: network),
      transaction.id == id
    else { throw .otherAnswer("another_transaction") }
    (transactionID, index, self.transaction, self.header, proof) = (id, proven.index, bytes, header, proven.proof)
  }
}

/// A header of any height with what proves that it is final.
public struct ProvenHeader: Equatable, Sendable {
  public let header: Header
  /// The header itself, or a later one whose log contains it.
  public let provenBy: CertifiedHeader
}

/// Which header is wanted.
public enum HeaderSelector: Hashable, Sendable {
  case height(UInt64)
  case digest(Digest)

  func selects(_ header: Header) -> Bool {
    switch self {
    case .height(let height): header.height == height
    case .digest(let digest): header.digest == digest
    }
  }
}

extension ProvenEntry {
  /// The one entry that the answer is about.
  init(_ message: ProtoProven, under header: CertifiedHeader) throws(EndpointProblem) {
    guard message.log.count == 1 else { throw .unproven(.missingProof) }
    try self.init(message.log[0], under: header)
  }

  init(_ message: ProtoLogProof, under header: CertifiedHeader) throws(EndpointProblem) {
    do {
      (index, entry) = try header.entry(message)
      proof = try LogProof(message)
    } catch let error as LightClientError {
      throw .unproven(error)
    } catch {
      throw .malformed
    }
    self.header = header
  }
}

extension Query<Receipt> {
  static func transaction(_ id: Digest) -> Query {
    Query(method: .transaction) { known in
      var request = ProtoTransactionRequest()
      request.transactionID = Data(id.bytes)
      request.known = known.message
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let proven: ProtoProven = try decode(answer.bytes)
      return try Receipt(of: id, proven, under: try trust.verify(proven, since: known), network: trust.network)
    }
  }
}

extension Query<ProvenEntry> {
  static func entry(_ index: UInt64) -> Query {
    Query(method: .entry) { known in
      var request = ProtoEntryRequest()
      request.index = index
      request.known = known.message
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      try accept(decode(answer.bytes), index, known, trust)
    }
  }

  static func inclusionProof(_ index: UInt64, of entry: LogEntry) -> Query {
    Query(method: .inclusionProof) { known in
      var request = ProtoInclusionProofRequest()
      request.index = index
      request.known = known.message
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      var proven: ProtoProven = try decode(answer.bytes)
      // The node sends the path alone: the caller has the entry.
      if proven.log.count == 1 { proven.log[0].entry = Data(entry.bytes) }
      return try accept(proven, index, known, trust)
    }
  }

  private static func accept(
    _ proven: ProtoProven, _ index: UInt64, _ known: Knowledge, _ trust: Trust
  ) throws(EndpointProblem) -> ProvenEntry {
    let entry = try ProvenEntry(proven, under: try trust.verify(proven, since: known))
    guard entry.index == index else { throw .otherAnswer("another_entry") }
    return entry
  }
}

extension Query<ProvenHeader> {
  static func header(_ selector: HeaderSelector) -> Query {
    Query(method: .header) { known in
      var request = ProtoHeaderRequest()
      switch selector {
      case .height(let height): request.height = height
      case .digest(let digest): request.digest = Data(digest.bytes)
      }
      request.known = known.message
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let proven: ProtoProven = try decode(answer.bytes)
      let newest = try trust.verify(proven, since: known)
      if selector.selects(newest.header) { return ProvenHeader(header: newest.header, provenBy: newest) }
      guard case .header(let bytes) = try ProvenEntry(proven, under: newest).entry, let header = try? Header(decoding: bytes),
        selector.selects(header)
      else { throw .otherAnswer("another_header") }
      return ProvenHeader(header: header, provenBy: newest)
    }
  }
}

extension Query<CertifiedHeader> {
  static var checkpoint: Query {
    Query(method: .checkpoint) { known in
      var request = ProtoCheckpointRequest()
      request.known = known.message
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      try trust.verify(decode(answer.bytes), since: known)
    }
  }
}

extension Query<LogConsistencyProof> {
  /// The log of the older header is a prefix of the newer one's.
  static func consistency(from old: CertifiedHeader, to new: CertifiedHeader) -> Query {
    Query(method: .consistencyProof) { _ in
      var request = ProtoConsistencyProofRequest()
      request.oldSize = old.header.logSize
      request.newSize = new.header.logSize
      return ByteBuffer(encoding: request)
    } accept: { answer, _, _ throws(EndpointProblem) in
      let message: ProtoConsistencyProof = try decode(answer.bytes)
      guard let proof = try? LogConsistencyProof(message) else { throw .malformed }
      guard proof.oldSize == old.header.logSize, proof.newSize == new.header.logSize else { throw .otherAnswer("other_sizes") }
      do throws(ProofError) { try proof.verify(oldRoot: old.header.logRoot, newRoot: new.header.logRoot) } catch {
        throw .unproven(.proof(error))
      }
      return proof
    }
  }
}
