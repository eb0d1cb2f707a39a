/// A credential with its signature, in either form.
public enum SecuredCredential: Sendable {
  /// With a Data Integrity proof.
  case document(JSON)
  /// `vc+jwt`, compact.
  case token(String)

  /// What travels: RFC 8785 JSON, or the token.
  public var bytes: [UInt8] {
    switch self {
    // What was signed was encoded before.
    case .document(let json): (try? JCS.encode(json)) ?? []
    case .token(let token): Array(token.utf8)
    }
  }

  /// As an element of `verifiableCredential` (VC Data Model 2.0, section 4.13).
  var element: JSON {
    switch self {
    case .document(let json): json
    case .token(let token): Self.envelope(token, CredentialTerms.envelopedCredential, CredentialTerms.credentialToken)
    }
  }

  private static func envelope(_ token: String, _ type: String, _ mediaType: String) -> JSON {
    .object([
      "@context": .array([.string(CredentialTerms.context)]), "id": .string("data:application/\(mediaType),\(token)"),
      "type": .string(type),
    ])
  }
}
