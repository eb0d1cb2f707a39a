import CairnCrypto

/// Data Integrity proofs of the cryptosuite `eddsa-jcs-2022` (VC-DI-EDDSA 1.0, section 3.3).
public enum DataIntegrity {
  public static let proofType = "DataIntegrityProof"
  public static let cryptosuite = "eddsa-jcs-2022"

  /// What a proof says beside its key and signature.
  public struct Options: Sendable {
    public var purpose: VerificationPurpose
    public var created: Timestamp?
    public var expires: Timestamp?
    public var challenge: String?
    public var domain: String?

    public init(
      purpose: VerificationPurpose = .assertionMethod, created: Timestamp? = nil, expires: Timestamp? = nil,
      challenge: String? = nil, domain: String? = nil
    ) {
      self.purpose = purpose
      self.created = created
      self.expires = expires
      self.challenge = challenge
      self.domain = domain
    }
  }

  /// The document with a proof by the signer. The proof covers the document's contexts.
  ///
  /// - Parameter document: an object without `proof`.
  public static func secure(
    _ document: JSON, by signer: CredentialSigner, _ options: Options
  ) throws(CredentialIssuingError) -> JSON {
    guard let members = document.object else { throw .notAnObject }
    guard document["proof"] == nil else { throw .alreadySecured }
    let configuration = configuration(keyID: signer.keyID, options, contexts: document["@context"])
    let message: [UInt8]
    do { message = try hashData(document: document, configuration: configuration) } catch { throw .json(error) }
    let signature = signer.key.signature(for: message)
    let proof = (configuration.object ?? []) + [JSON.Member("proofValue", .string(Multibase.base58(signature.bytes)))]
    return .object(members + [JSON.Member("proof", .object(proof))])
  }

  /// The proof without its value.
  static func configuration(keyID: DIDURL, _ options: Options, contexts: JSON?) -> JSON {
    .object([
      "type": .string(proofType), "cryptosuite": .string(cryptosuite), "created": options.created.map { .string($0.description) },
      "expires": options.expires.map { .string($0.description) }, "verificationMethod": .string(keyID.description),
      "proofPurpose": .string(options.purpose.relationship), "challenge": options.challenge.map { .string($0) },
      "domain": options.domain.map { .string($0) }, "@context": contexts,
    ])
  }

  /// What the signature covers (section 3.3.4): the hash of the canonical configuration, then that of the canonical document.
  static func hashData(document: JSON, configuration: JSON) throws(JSONError) -> [UInt8] {
    let configurationHash = Digest.sha256(try JCS.encode(configuration))
    let documentHash = Digest.sha256(try JCS.encode(document))
    return configurationHash.bytes + documentHash.bytes
  }
}
