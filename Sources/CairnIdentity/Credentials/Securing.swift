import CairnCrypto

/// What secures a document, whichever form it has: read, and not believed before the signature is checked.
struct Securing: Sendable {
  /// A DID and a fragment alone; `nil` when the document names no such key.
  var keyID: DIDURL?
  /// `nil` when there is none of the right size.
  var signature: Signature?
  /// What the signature covers.
  var message: [UInt8] = []
  /// The moments before which the signature does not hold, and from which on it no longer does.
  var starts: [Timestamp] = []
  var ends: [Timestamp] = []
  /// `challenge` of a proof, `nonce` of a token.
  var challenge: String?
  /// `domain` of a proof, `aud` of a token; empty when it is meant for anybody.
  var audiences: [String] = []
  /// Whether one of several audiences will do: so it is with tokens (RFC 7519, section 4.1.3), and not with proofs (VC Data
  /// Integrity 1.0, section 4.4).
  var admitsOneAudienceOfMany = false
  /// Whom the token claims to be from, in its header and its payload.
  var claimedSigners: [String] = []

  /// The name of a key: a DID and a fragment.
  ///
  /// - Throws: ``CredentialRefusal/missingKeyID``, ``CredentialRefusal/wrongKeyID``.
  static func keyID(_ value: JSON?) throws(CredentialRefusal) -> DIDURL {
    guard let value else { throw .missingKeyID }
    guard let text = value.string, let url = try? DIDURL(parsing: text), url.fragment?.isEmpty == false, url.path.isEmpty,
      url.query == nil
    else { throw .wrongKeyID }
    return url
  }

  /// Whether a verifier of this name may accept what is meant for ``audiences``.
  func admits(_ audience: String?) -> Bool {
    guard let audience else { return audiences.isEmpty }
    guard !audiences.isEmpty else { return false }
    return admitsOneAudienceOfMany ? audiences.containsText(audience) : audiences.allSatisfy { $0.utf8.elementsEqual(audience.utf8) }
  }
}

/// A document and what secures it, with every objection found so far.
struct SecuredDocument: Sendable {
  /// Of a proof: without it, under the contexts that it covers. Of a token: its payload.
  var document: JSON
  var securing: Securing
  var refusals: [CredentialRefusal]
}
