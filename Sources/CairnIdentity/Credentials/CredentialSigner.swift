public import CairnCrypto

/// A key of a DID, ready to sign credentials or presentations.
public struct CredentialSigner: Sendable {
  /// The Multikey that Data Integrity proofs name: a DID and a fragment.
  public let keyID: DIDURL
  /// The JsonWebKey that tokens name in `kid`, as VC-JOSE-COSE 1.0, section 4.3, wants it.
  public let tokenKeyID: DIDURL
  let key: SigningKey

  /// - Parameter tokenKeyID: of the same key; `keyID` when there is no other.
  /// - Throws: ``CredentialIssuingError/invalidKeyID`` for a name that is not a DID and a fragment alone, or is of another DID.
  public init(keyID: DIDURL, tokenKeyID: DIDURL? = nil, key: SigningKey) throws(CredentialIssuingError) {
    let tokenKeyID = tokenKeyID ?? keyID
    for id in [keyID, tokenKeyID] {
      guard id.fragment?.isEmpty == false, id.path.isEmpty, id.query == nil, id.did == keyID.did else { throw .invalidKeyID }
    }
    (self.keyID, self.tokenKeyID, self.key) = (keyID, tokenKeyID, key)
  }

  /// The method `#fragment` of a DID of the ledger, whose document has every Ed25519 key as Multikey and as JsonWebKey twin.
  ///
  /// - Parameter fragment: of the Multikey, without the number sign.
  public init(did: CairnDID, fragment: String, key: SigningKey) throws(CredentialIssuingError) {
    guard let keyID = try? DIDURL(parsing: "\(did)#\(fragment)"),
      let twin = try? DIDURL(parsing: "\(did)#\(fragment)\(DIDDocument.twinSuffix)")
    else { throw .invalidKeyID }
    try self.init(keyID: keyID, tokenKeyID: twin, key: key)
  }

  public var did: DID { keyID.did }
}
