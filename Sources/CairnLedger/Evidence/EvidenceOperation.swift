public import CairnChain
public import CairnCrypto
import CairnMerkle
import CairnMessages
import Foundation

/// Why a validator's fault is not put on record.
public enum EvidenceRefusal: Error, Hashable, Sendable {
  /// A vote is not by the key that it comes with.
  case badSignature
  /// The key is not that of the validator at this index in this epoch, or there is none, or no such epoch yet.
  case unknownSigner(epoch: UInt64, validator: Int)

  public var reason: String {
    switch self {
    case .badSignature: "bad_evidence_signature"
    case .unknownSigner: "unknown_evidence_signer"
    }
  }
}

/// Puts the fault of a validator on record. The submitter is an operator.
///
/// The key goes with it, so that the two signatures can be checked before the state is looked at, as those of transactions are; the state
/// only says whose key it is.
public struct EvidenceSubmit: Hashable, Sendable {
  public let evidence: Evidence
  public let consensusKey: PublicKey

  init(_ message: ProtoEvidenceSubmit) throws(OperationError) {
    guard let evidence = try? Evidence(decoding: [UInt8](message.evidence)) else { throw .malformed("evidence") }
    guard let key = PublicKey([UInt8](message.consensusKey)) else { throw .malformed("consensus_key") }
    (self.evidence, consensusKey) = (evidence, key)
  }

  func isSigned(network: Digest, _ scheme: any SignatureScheme) -> Bool {
    [evidence.first, evidence.second].allSatisfy { vote in
      scheme.isValid(vote.signature, by: consensusKey, for: vote.statement.signedBytes(network: network))
    }
  }
}

extension LedgerOperation {
  /// - Parameter consensusKey: of the validator, in the epoch of the votes.
  public static func submit(
    _ evidence: Evidence, consensusKey: PublicKey, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var submit = ProtoEvidenceSubmit()
    submit.evidence = Data(evidence.bytes)
    submit.consensusKey = Data(consensusKey.bytes)
    return try make(.evidenceSubmit(submit), network: network)
  }
}

extension Evidence {
  /// The key of the row that holds the fault of this validator in this epoch, for ever: type EVIDENCE, the epoch as eight bytes and the
  /// validator's index as four, big-endian.
  public var stateKey: Digest {
    let epoch = (0..<8).map { UInt8(truncatingIfNeeded: self.epoch >> UInt64(56 - 8 * $0)) }
    let validator = (0..<4).map { UInt8(truncatingIfNeeded: self.validator >> (24 - 8 * $0)) }
    return .stateKey(type: StateType.evidence.rawValue, id: epoch + validator)
  }
}
