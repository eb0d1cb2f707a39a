/// Why a credential or presentation is refused. A verdict lists every one that applies.
public indirect enum CredentialRefusal: Error, Equatable, Sendable {
  /// Whose key secures a document: the issuer signs credentials, the holder presentations.
  public enum Signer: String, Sendable {
    case issuer
    case holder
  }

  // What the bytes are.
  /// In bytes.
  case tooLarge(limit: Int, actual: Int)
  case json(JSONError)
  /// A member that is missing, or not of the required shape.
  case malformed(String)
  /// More elements than are read.
  case tooMany(String, limit: Int)
  /// Well-formed, and not understood here; to ignore it could mean to accept too much.
  case unsupported(String)

  // How they are secured.
  case missingProof
  case wrongProofType
  case wrongCryptosuite
  case wrongProofPurpose(expected: VerificationPurpose)
  /// The proof's context is not the start of the document's, or the document's does not start with that of VC 2.0.
  case contextMismatch
  /// `alg: none`, in any spelling.
  case unsignedToken
  case wrongAlgorithm
  case wrongTokenType
  case missingKeyID
  /// Not a DID URL of a DID and a fragment alone.
  case wrongKeyID
  /// Not the text of an Ed25519 signature.
  case malformedSignature
  case badSignature(Signer)

  // Who secured them.
  case unavailableDocument(Signer)
  case unknownDID(Signer)
  case deactivatedDID(Signer)
  /// Guardians have isolated the DID: its keys may be in wrong hands.
  case isolatedDID(Signer)
  case invalidDocument(Signer, ControlledDocumentError)
  case unknownKey(Signer)
  case keyNotUnderRelationship(Signer, VerificationPurpose)
  case unusableKey(Signer)
  case retiredKey(Signer)
  /// The key, `iss` or `holder` is not of whom the document names.
  case signerMismatch(Signer)
  case issuerNotAuthorized

  // When they hold.
  case notYetValid(until: Timestamp)
  case expired(at: Timestamp)
  /// In milliseconds; `nil` when the document sets no start or no end.
  case lifetimeTooLong(limit: Int64, actual: Int64?)

  // What the status lists say.
  case missingStatus(StatusListPurpose)
  case unsupportedStatus
  case unavailableStatus(StatusListPurpose)
  case unknownStatusList(StatusListPurpose)
  case statusOutOfRange(StatusListPurpose)
  case wrongStatusPurpose(expected: StatusListPurpose, actual: StatusListPurpose)
  case revoked
  case suspended
  case refreshNeeded

  // Whom they are for.
  case holderNotBound
  case wrongChallenge
  case wrongAudience

  /// One of a presentation's credentials; `at` counts from 0.
  case credential(at: Int, CredentialRefusal)
}

extension CredentialRefusal {
  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .tooLarge, .json(.tooLong): "too_large"
    case .json(.tooDeep): "too_deep"
    case .json(.duplicateKey), .json(.repeatedKey): "duplicate_key"
    case .json(.loneSurrogate): "lone_surrogate"
    case .json: "malformed_json"
    case .malformed: "malformed"
    case .tooMany: "too_many"
    case .unsupported: "unsupported"
    case .missingProof: "missing_proof"
    case .wrongProofType: "wrong_proof_type"
    case .wrongCryptosuite: "wrong_cryptosuite"
    case .wrongProofPurpose: "wrong_proof_purpose"
    case .contextMismatch: "context_mismatch"
    case .unsignedToken: "unsigned_token"
    case .wrongAlgorithm: "wrong_algorithm"
    case .wrongTokenType: "wrong_token_type"
    case .missingKeyID: "missing_key_id"
    case .wrongKeyID: "wrong_key_id"
    case .malformedSignature: "malformed_signature"
    case .badSignature(let signer): "bad_\(signer)_signature"
    case .unavailableDocument(let signer): "unavailable_\(signer)"
    case .unknownDID(let signer): "unknown_\(signer)"
    case .deactivatedDID(let signer): "deactivated_\(signer)"
    case .isolatedDID(let signer): "isolated_\(signer)"
    case .invalidDocument(let signer, _): "invalid_\(signer)_document"
    case .unknownKey(let signer): "unknown_\(signer)_key"
    case .keyNotUnderRelationship(let signer, _): "\(signer)_key_not_under_relationship"
    case .unusableKey(let signer): "unusable_\(signer)_key"
    case .retiredKey(let signer): "retired_\(signer)_key"
    case .signerMismatch(let signer): "\(signer)_mismatch"
    case .issuerNotAuthorized: "issuer_not_authorized"
    case .notYetValid: "not_yet_valid"
    case .expired: "expired"
    case .lifetimeTooLong: "lifetime_too_long"
    case .missingStatus: "missing_status"
    case .unsupportedStatus: "unsupported_status"
    case .unavailableStatus: "unavailable_status"
    case .unknownStatusList: "unknown_status_list"
    case .statusOutOfRange: "status_out_of_range"
    case .wrongStatusPurpose: "wrong_status_purpose"
    case .revoked: "revoked"
    case .suspended: "suspended"
    case .refreshNeeded: "refresh_needed"
    case .holderNotBound: "holder_not_bound"
    case .wrongChallenge: "wrong_challenge"
    case .wrongAudience: "wrong_audience"
    case .credential(_, let refusal): refusal.reason
    }
  }
}
