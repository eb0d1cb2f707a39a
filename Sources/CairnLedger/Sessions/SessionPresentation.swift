public import CairnCrypto
public import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation

/// A DID of a session batch, shown by whoever has its keys: what makes it, and the path to the root that the ledger anchors.
public struct SessionPresentation: Hashable, Sendable {
  /// A creation is at most a transaction long, and a path has at most 21 steps.
  public static let byteLimit = Transaction.byteLimit + (1 << 10)

  public let batch: StatusListID
  /// Place in the batch, and the bit in the batch's revocation list.
  public let index: UInt32
  /// The canonical `DidCreate`.
  public let create: [UInt8]
  public let path: [Digest]

  init(batch: StatusListID, index: UInt32, create: [UInt8], path: [Digest]) {
    (self.batch, self.index, self.create, self.path) = (batch, index, create, path)
  }

  /// Decodes strictly; whether the ledger anchors it says ``verify(against:network:)``.
  public init(decoding bytes: [UInt8]) throws(SessionError) {
    let message: ProtoSessionPresentation
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .malformed }
    guard let batch = try? StatusListID(parsing: message.batch), case .sessions = batch.kind else { throw .malformed }
    let path = message.path.compactMap { Digest($0) }
    guard path.count == message.path.count else { throw .malformed }
    self.init(batch: batch, index: message.index, create: [UInt8](message.create), path: path)
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoSessionPresentation()
    message.batch = batch.description
    message.index = index
    message.create = Data(create)
    message.path = path.map { Data($0.bytes) }
    return Canonical.encode(message)
  }
}

/// A DID of a session batch, and all that its creation says: certain as far as the batch's record is proven.
///
/// Whether it is revoked says the batch's revocation list at ``index``.
public struct SessionIdentity: Hashable, Sendable {
  public let did: CairnDID
  public let batch: StatusListID
  public let index: UInt32
  public let control: Control
  /// The JSON document (RFC 8785).
  public let document: [UInt8]
  /// Unix time; from then on the DID is not valid.
  public let expiresMilliseconds: UInt64
  /// What the ledger would have of the DID if it had been enrolled with its batch.
  let record: DIDRecord
}

extension SessionPresentation {
  /// - Parameter record: of the batch, proven by the state.
  public func verify(against record: StatusListRecord, network: Digest) throws(SessionError) -> SessionIdentity {
    guard record.list == batch else { throw .otherBatch }
    guard let sessions = record.sessions else { throw .notSessions }
    guard index < record.length else { throw .indexOutOfRange }
    let proof = InclusionProof(index: UInt64(index), path: path)
    guard (try? proof.verify(leafHash: LogTree.leafHash(create), size: UInt64(record.length), root: sessions.root)) != nil else {
      throw .notInBatch
    }
    let message: ProtoDidCreate
    do { message = try Canonical.decode(from: create, limit: Transaction.byteLimit) } catch { throw .malformed }
    let operation: LedgerOperation
    do {
      operation = try .make(.didCreate(message), network: network)
      try CheckedKeys().check(operation.control, operation.document)
    } catch {
      throw .creation(error)
    }
    guard case .didCreate(let create) = operation.kind, let did = operation.did, create.control.controller == batch.issuer else {
      throw .otherController
    }
    let document = create.document.document.json(did: did, controller: create.control.controller)
    return SessionIdentity(
      did: did, batch: batch, index: index, control: create.control, document: document,
      expiresMilliseconds: sessions.expiresMilliseconds,
      record: DIDRecord(
        creating: did, hash: operation.hash, control: create.control, document: create.document, documentHash: .sha256(document),
        timeMilliseconds: record.createdMilliseconds))
  }
}

/// Why what was presented is not a DID of a session batch.
public enum SessionError: Error, Equatable, Sendable {
  case malformed
  /// The record is another batch's.
  case otherBatch
  /// The record is that of a plain status list.
  case notSessions
  case indexOutOfRange
  /// The path does not lead to the root that the ledger anchors.
  case notInBatch
  /// The batch's controller is not the DID's.
  case otherController
  /// What the ledger would refuse about the creation.
  case creation(OperationError)

  public var reason: String {
    switch self {
    case .malformed: "malformed_session"
    case .otherBatch: "other_batch"
    case .notSessions: "not_a_session_batch"
    case .indexOutOfRange: "index_out_of_range"
    case .notInBatch: "not_in_batch"
    case .otherController: "other_controller"
    case .creation(let error): error.reason
    }
  }
}
