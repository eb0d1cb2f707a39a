import CairnCrypto

/// A JSON Web Signature in its compact form (RFC 7515, section 7.1): three base64url parts, none of them believed yet.
struct CompactJWS: Sendable {
  let header: JSON
  let payload: [UInt8]
  /// What the signature covers: the first two parts as they stand.
  let signingInput: [UInt8]
  /// `nil` unless the third part has the 64 bytes of an Ed25519 signature.
  let signature: Signature?

  /// - Parameter text: bounded by the caller.
  init(parsing text: [UInt8]) throws(CredentialRefusal) {
    let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Self.decode(parts[0]), let payload = Self.decode(parts[1]) else { throw .malformed("token") }
    do { self.header = try JSON(parsing: header) } catch { throw .json(error) }
    guard self.header.object != nil else { throw .malformed("token header") }
    self.payload = payload
    signingInput = Array(text.prefix(parts[0].count + 1 + parts[1].count))
    signature = Self.decode(parts[2]).flatMap(Signature.init)
  }

  /// Every objection to the header (RFC 7515, sections 4.1.1, 4.1.9 and 4.1.11; RFC 8725, section 3.11). Parameters that are not
  /// understood are ignored, `jwk`, `jku` and the like among them: the key comes from the signer's document alone.
  ///
  /// - Parameter type: of `typ`, without `application/`.
  func objections(expecting type: String) -> [CredentialRefusal] {
    var refusals: [CredentialRefusal] = []
    if let refusal = algorithmObjection { refusals.append(refusal) }
    if mediaType != type { refusals.append(.wrongTokenType) }
    if header["crit"] != nil { refusals.append(.unsupported("A critical header parameter")) }
    return refusals
  }

  private var algorithmObjection: CredentialRefusal? {
    guard let algorithm = header["alg"]?.string else { return .wrongAlgorithm }
    if algorithm.lowercased() == "none" { return .unsignedToken }
    // RFC 8037 and its successor RFC 9864.
    return header["alg"]?.isOne(of: ["EdDSA", "Ed25519"]) == true ? nil : .wrongAlgorithm
  }

  /// `typ` in lower case, without `application/`.
  var mediaType: String? {
    guard let type = header["typ"]?.string, type.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    let name = type.lowercased()
    return name.hasPrefix("application/") ? String(name.dropFirst("application/".count)) : name
  }

  private static func decode(_ part: ArraySlice<UInt8>) -> [UInt8]? { try? Base64URL.decode(String(decoding: part, as: UTF8.self)) }
}

extension CompactJWS {
  /// A token of these claims.
  ///
  /// - Parameter type: of `typ`.
  static func sign(_ claims: JSON, type: String, by signer: CredentialSigner) throws(CredentialIssuingError) -> String {
    let header: JSON = .object([
      "alg": .string("EdDSA"), "kid": .string(signer.tokenKeyID.description), "typ": .string(type),
    ])
    let input: String
    do { input = try Base64URL.encode(JCS.encode(header)) + "." + Base64URL.encode(JCS.encode(claims)) } catch { throw .json(error) }
    return input + "." + Base64URL.encode(signer.key.signature(for: Array(input.utf8)).bytes)
  }
}
