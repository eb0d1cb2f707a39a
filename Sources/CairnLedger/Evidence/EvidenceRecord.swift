public import CairnChain
public import CairnCrypto
public import CairnIdentity
import CairnMessages
import Foundation

/// That a validator signed two statements which exclude each other: what its row in the state commits to.
public struct EvidenceRecord: Hashable, Sendable {
  /// The votes, a key, a name, a DID.
  public static let byteLimit = 1 << 10

  public let evidence: Evidence
  public let consensusKey: PublicKey
  /// Its name in the epoch of the votes.
  public let validator: String
  /// The operator who handed it in first.
  public let by: CairnDID
  /// Header time of the block; Unix time.
  public let submittedMilliseconds: UInt64
}

extension EvidenceRecord {
  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoEvidenceRecord = try .record(bytes, limit: Self.byteLimit)
    guard let evidence = try? Evidence(decoding: [UInt8](message.evidence)) else { throw .field("evidence") }
    guard let key = PublicKey([UInt8](message.consensusKey)) else { throw .field("consensus_key") }
    guard let by = try? CairnDID(parsing: message.by) else { throw .field("by") }
    (self.evidence, consensusKey, validator, self.by) = (evidence, key, message.validator, by)
    submittedMilliseconds = message.submittedMs
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoEvidenceRecord()
    message.evidence = Data(evidence.bytes)
    message.consensusKey = Data(consensusKey.bytes)
    message.validator = validator
    message.by = by.description
    message.submittedMs = submittedMilliseconds
    return Canonical.encode(message)
  }
}
