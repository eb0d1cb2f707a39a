extension CredentialRefusal: CustomStringConvertible {
  /// One sentence for people.
  public var message: String {
    switch self {
    case .credential(let index, let refusal): "Credential \(index + 1): \(refusal.message)"
    default: documentMessage ?? securingMessage ?? signerMessage ?? usageMessage
    }
  }

  public var description: String { message }

  private var documentMessage: String? {
    switch self {
    case .tooLarge(let limit, let actual): "The input has \(actual) bytes; at most \(limit) are read."
    case .json(let error): "The JSON is refused (\(error.reason))."
    case .malformed(let member): "\(member) is missing or malformed."
    case .tooMany(let member, let limit): "\(member) has more than \(limit) elements."
    case .unsupported(let what): "\(what) is not supported."
    default: nil
    }
  }

  private var securingMessage: String? {
    switch self {
    case .missingProof: "The document carries no proof."
    case .wrongProofType: "The proof's type is not DataIntegrityProof."
    case .wrongCryptosuite: "The proof's cryptosuite is not eddsa-jcs-2022."
    case .wrongProofPurpose(let purpose): "The proof was not made for the purpose \(purpose.relationship)."
    case .contextMismatch: "The document's contexts do not start with that of VC 2.0 and with those that the proof covers."
    case .unsignedToken: "The token is unsigned (alg none)."
    case .wrongAlgorithm: "The token's algorithm is not EdDSA."
    case .wrongTokenType: "The token's type is not that of a credential or presentation."
    case .missingKeyID: "No key is named."
    case .wrongKeyID: "The key's name is not a DID URL of a DID and a fragment."
    case .malformedSignature: "The signature is not an Ed25519 signature."
    default: nil
    }
  }

  private var signerMessage: String? {
    switch self {
    case .badSignature(let signer): "The \(signer)'s signature does not verify."
    case .unavailableDocument(let signer): "The \(signer)'s DID document could not be had."
    case .unknownDID(let signer): "The \(signer)'s DID is not registered."
    case .deactivatedDID(let signer): "The \(signer)'s DID is deactivated."
    case .isolatedDID(let signer): "The \(signer)'s DID is isolated by a guardian."
    case .invalidDocument(let signer, let error): "The \(signer)'s DID document is refused (\(error.reason))."
    case .unknownKey(let signer): "The key that signed is not in the \(signer)'s DID document."
    case .keyNotUnderRelationship(let signer, let purpose):
      "The \(signer)'s DID document does not list the key under \(purpose.relationship)."
    case .unusableKey(let signer): "The \(signer)'s key is not a valid Ed25519 key."
    case .retiredKey(let signer): "The \(signer)'s key has expired or is revoked."
    case .signerMismatch(let signer): "The key or token is not of the \(signer) that the document names."
    case .issuerNotAuthorized: "The issuer does not have the issuer role."
    default: nil
    }
  }

  private var usageMessage: String {
    switch self {
    case .notYetValid(let time): "It is not valid before \(time)."
    case .expired(let time): "It expired at \(time)."
    case .lifetimeTooLong(let limit, let actual?): "It is valid for \(actual) ms; at most \(limit) ms are accepted."
    case .lifetimeTooLong(let limit, nil): "It does not say from when to when it is valid; at most \(limit) ms are accepted."
    case .missingStatus(let purpose): "It names no status list for \(purpose.name)."
    case .unsupportedStatus: "It has a status entry of an unknown type or purpose, or of a list outside the ledger."
    case .unavailableStatus(let purpose): "Its \(purpose.name) status could not be had."
    case .unknownStatusList(let purpose): "Its \(purpose.name) status list does not exist."
    case .statusOutOfRange(let purpose): "Its index lies beyond the \(purpose.name) status list."
    case .wrongStatusPurpose(let expected, let actual): "Its \(expected.name) status list is one for \(actual.name)."
    case .revoked: "It is revoked."
    case .suspended: "It is suspended."
    case .refreshNeeded: "Its issuer asks for it to be refreshed."
    case .holderNotBound: "It is not presented by the key of its subject."
    case .wrongChallenge: "It does not answer the challenge."
    case .wrongAudience: "It is not meant for this audience."
    default: reason
    }
  }
}
