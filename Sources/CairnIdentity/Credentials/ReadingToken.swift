import CairnCrypto

/// A token, taken apart.
enum TokenReader {
  /// - Parameters:
  ///   - token: of a size that the caller bounded.
  ///   - type: that `typ` must have.
  static func read(_ token: CompactJWS, expecting type: String) -> SecuredDocument {
    var result = SecuredDocument(document: .null, securing: Securing(), refusals: token.objections(expecting: type))
    do { result.securing.keyID = try Securing.keyID(token.header["kid"]) } catch { result.refusals.append(error) }
    result.securing.admitsOneAudienceOfMany = true
    result.securing.message = token.signingInput
    result.securing.signature = token.signature
    if token.signature == nil { result.refusals.append(.malformedSignature) }
    do { result.document = try JSON(parsing: token.payload, limit: token.payload.count) } catch {
      result.refusals.append(.json(error))
      return result
    }
    guard result.document.object != nil else {
      result.refusals.append(.malformed("token payload"))
      return result
    }
    readTimes(result.document, into: &result)
    readParties(header: token.header, claims: result.document, into: &result)
    // VC-JOSE-COSE 1.0, section 3.1.3: they belong to the data model 1.1, in which other members count.
    if result.document["vc"] != nil || result.document["vp"] != nil { result.refusals.append(.unsupported("The VC Data Model 1.1")) }
    return result
  }

  private static func readTimes(_ claims: JSON, into result: inout SecuredDocument) {
    let members: [(String, WritableKeyPath<Securing, [Timestamp]>)] = [
      ("iat", \.starts), ("nbf", \.starts), ("exp", \.ends),
    ]
    for (member, path) in members {
      guard let value = claims[member] else { continue }
      if let time = value.number.flatMap({ Timestamp(numericDate: $0) }) {
        result.securing[keyPath: path].append(time)
      } else {
        result.refusals.append(.malformed(member))
      }
    }
  }

  private static func readParties(header: JSON, claims: JSON, into result: inout SecuredDocument) {
    for value in [header["iss"], claims["iss"]] {
      guard let value else { continue }
      if let signer = value.string { result.securing.claimedSigners.append(signer) } else { result.refusals.append(.malformed("iss")) }
    }
    if let value = claims["nonce"] {
      result.securing.challenge = value.string
      if value.string == nil { result.refusals.append(.malformed("nonce")) }
    }
    if let value = claims["aud"] {
      result.securing.audiences = value.texts ?? []
      if value.texts == nil { result.refusals.append(.malformed("aud")) }
    }
  }
}
