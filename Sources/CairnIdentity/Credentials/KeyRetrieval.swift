public import CairnCrypto

extension ControlledDocument {
  /// The key of a verification method, found as Controlled Identifiers 1.0, section 3.3, prescribes: the method stands in the
  /// document of the identifier before its fragment, is controlled by that identifier, and is listed under the relationship.
  ///
  /// - Parameters:
  ///   - time: at which the method must be neither expired nor revoked.
  ///   - signer: whom a refusal names.
  /// - Returns: a valid Ed25519 key.
  public func key(
    _ keyID: DIDURL, under purpose: VerificationPurpose, at time: Timestamp, of signer: CredentialRefusal.Signer
  ) throws(CredentialRefusal) -> PublicKey {
    guard keyID.fragment != nil, keyID.path.isEmpty, keyID.query == nil else { throw .wrongKeyID }
    guard id.utf8.elementsEqual(keyID.did.description.utf8) else { throw .invalidDocument(signer, .wrongIdentifier) }
    guard let method = methods.first(where: { $0.id.utf8.elementsEqual(keyID.description.utf8) }) else { throw .unknownKey(signer) }
    guard method.controller.utf8.elementsEqual(id.utf8) else { throw .signerMismatch(signer) }
    guard relationships[purpose]?.contains(Array(method.id.utf8)) == true else { throw .keyNotUnderRelationship(signer, purpose) }
    guard let key = method.key?.ed25519, key.isValidPoint else { throw .unusableKey(signer) }
    guard [method.expires, method.revoked].allSatisfy({ end in end.map { time < $0 } ?? true }) else { throw .retiredKey(signer) }
    return key
  }
}
