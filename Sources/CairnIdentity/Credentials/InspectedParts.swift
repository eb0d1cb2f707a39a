/// A credential as read: what it says, what secures it, and what is wrong with it already.
struct InspectedCredential: Sendable {
  /// `nil` only with a refusal.
  let claims: CredentialClaims?
  let securing: Securing
  let refusals: [CredentialRefusal]

  init(_ secured: SecuredDocument) {
    securing = secured.securing
    // A payload that could not be read has been refused.
    guard secured.document != .null else {
      (claims, refusals) = (nil, secured.refusals)
      return
    }
    var reader = ClaimsReader(secured.document)
    claims = reader.claims()
    refusals = (secured.refusals + reader.refusals).withoutRepetitions
  }

  init(refused refusal: CredentialRefusal) { (claims, securing, refusals) = (nil, Securing(), [refusal]) }
}

/// A presentation as read, without its credentials.
struct InspectedPresentation: Sendable {
  /// Named by the document, else whose key signed; `nil` only with a refusal.
  let holder: DID?
  let securing: Securing
  let refusals: [CredentialRefusal]

  init(_ secured: SecuredDocument) {
    securing = secured.securing
    guard secured.document != .null else {
      (holder, refusals) = (nil, secured.refusals)
      return
    }
    var reader = ClaimsReader(secured.document)
    reader.checkContext()
    _ = reader.types(including: CredentialTerms.presentation)
    var refusals = secured.refusals + reader.refusals
    var holder = secured.securing.keyID?.did
    if let value = secured.document["holder"] {
      holder = CredentialTerms.identifier(value).flatMap { try? DID(parsing: $0) }
      if holder == nil { refusals.append(.malformed("holder")) }
    }
    self.holder = holder
    self.refusals = refusals.withoutRepetitions
  }
}

extension [CredentialRefusal] {
  /// Each once, in the order of their first appearance.
  var withoutRepetitions: [CredentialRefusal] {
    var kept: [CredentialRefusal] = []
    for refusal in self where !kept.contains(refusal) { kept.append(refusal) }
    return kept
  }
}
