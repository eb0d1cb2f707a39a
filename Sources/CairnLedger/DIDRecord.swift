public import CairnCrypto
public import CairnIdentity
public import CairnMerkle
import CairnMessages
import Foundation

/// A DID as it is at one version: what its row in the state commits to.
public struct DIDRecord: Hashable, Sendable {
  /// An operation's control state and document come from one transaction; the rest is less than 3 KiB.
  public static let byteLimit = 2 * Transaction.byteLimit + (3 << 10)

  public let did: CairnDID
  /// Sequence number and hash of the operation that made this version.
  public internal(set) var head: DIDHead
  public internal(set) var control: Control
  /// What the JSON document was generated from.
  public internal(set) var document: EncodedDocument
  /// H of the JSON document's bytes (RFC 8785).
  public internal(set) var documentHash: Digest
  public internal(set) var isDeactivated: Bool
  /// Header time of the block that created the DID; Unix time.
  public let createdMilliseconds: UInt64
  /// Header time of the block that made this version.
  public internal(set) var updatedMilliseconds: UInt64
  /// Log index of the entry that made the version before this one; 0 in the first.
  public internal(set) var previousChange: UInt64
  /// The records of the versions before this one.
  public internal(set) var earlier = LogFrontier()
  /// Header time of the block that set the update keys: how old they are.
  public internal(set) var keysChangedMilliseconds: UInt64

  init(
    creating did: CairnDID, hash: Digest, control: Control, document: EncodedDocument, documentHash: Digest, timeMilliseconds: UInt64
  ) {
    self.did = did
    head = DIDHead(sequence: 0, hash: hash)
    (self.control, self.document, self.documentHash) = (control, document, documentHash)
    isDeactivated = false
    (createdMilliseconds, updatedMilliseconds) = (timeMilliseconds, timeMilliseconds)
    previousChange = 0
    keysChangedMilliseconds = timeMilliseconds
  }

  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoDidRecord = try .record(bytes, limit: Self.byteLimit)
    guard let did = try? CairnDID(parsing: message.did) else { throw .field("did") }
    guard let hash = Digest(message.head) else { throw .field("head") }
    guard message.hasControl, let control = try? Control(message.control) else { throw .field("control") }
    guard message.hasDocument, let document = EncodedDocument(message.document) else { throw .field("document") }
    guard let documentHash = Digest(message.documentHash) else { throw .field("document_hash") }
    self.did = did
    head = DIDHead(sequence: message.sequence, hash: hash)
    (self.control, self.document, self.documentHash) = (control, document, documentHash)
    isDeactivated = message.deactivated
    (createdMilliseconds, updatedMilliseconds) = (message.createdMs, message.updatedMs)
    previousChange = message.previousChange
    guard let earlier = LogFrontier(size: message.sequence, peakBytes: [UInt8](message.earlier)) else { throw .field("earlier") }
    self.earlier = earlier
    keysChangedMilliseconds = message.keysChangedMs
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var writer = WireWriter(capacity: control.bytes.count + document.bytes.count + 32 * earlier.peaks.count + 240)
    writer.field(1, did.description.utf8)
    writer.field(2, head.sequence)
    writer.field(3, head.hash.bytes)
    writer.message(4, control.bytes)
    writer.field(5, documentHash.bytes)
    writer.field(6, isDeactivated ? 1 : 0)
    writer.field(7, createdMilliseconds)
    writer.field(8, updatedMilliseconds)
    writer.field(9, previousChange)
    writer.message(10, document.bytes)
    writer.field(11, earlier.peakBytes)
    writer.field(12, keysChangedMilliseconds)
    return writer.bytes
  }

  /// The JSON document, to whose hash the record commits.
  public var documentJSON: [UInt8] { document.document.json(did: did, controller: control.controller) }
}
