/// Recognizes the form of what came in, and takes it apart.
struct InspectionReader {
  private(set) var presentation: InspectedPresentation?
  private(set) var credentials: [InspectedCredential] = []
  private(set) var refusals: [CredentialRefusal] = []

  mutating func read(_ bytes: [UInt8]) {
    do throws(CredentialRefusal) {
      guard bytes.count <= CredentialInspection.byteLimit else {
        throw .tooLarge(limit: CredentialInspection.byteLimit, actual: bytes.count)
      }
      let isToken = bytes.first.map { $0 != UInt8(ascii: "{") && $0 > 0x20 } ?? false
      if isToken { try readToken(bytes) } else { try readDocument(try Self.parse(bytes)) }
    } catch {
      refusals.append(error)
    }
  }

  private static func parse(_ bytes: [UInt8]) throws(CredentialRefusal) -> JSON {
    do { return try JSON(parsing: bytes) } catch { throw .json(error) }
  }

  private mutating func readDocument(_ json: JSON) throws(CredentialRefusal) {
    guard json.object != nil else { throw .malformed("document") }
    let types = json["type"]?.texts ?? []
    if types.containsText(CredentialTerms.envelopedPresentation) {
      try readToken(try Envelope.token(of: json, mediaType: CredentialTerms.presentationToken))
    } else if types.containsText(CredentialTerms.envelopedCredential) {
      try readToken(try Envelope.token(of: json, mediaType: CredentialTerms.credentialToken))
    } else if types.containsText(CredentialTerms.presentation) {
      readPresentation(DataIntegrity.read(json, for: .authentication))
    } else {
      credentials = [InspectedCredential(DataIntegrity.read(json, for: .assertionMethod))]
    }
  }

  private mutating func readToken(_ bytes: [UInt8]) throws(CredentialRefusal) {
    let token = try CompactJWS(parsing: bytes)
    if token.mediaType == CredentialTerms.presentationToken {
      readPresentation(TokenReader.read(token, expecting: CredentialTerms.presentationToken))
    } else {
      credentials = [InspectedCredential(TokenReader.read(token, expecting: CredentialTerms.credentialToken))]
    }
  }

  private mutating func readPresentation(_ secured: SecuredDocument) {
    presentation = InspectedPresentation(secured)
    guard secured.document.object != nil else { return }
    let elements = secured.document["verifiableCredential"].map { $0.array ?? [$0] } ?? []
    if elements.isEmpty { refusals.append(.malformed("verifiableCredential")) }
    guard elements.count <= Presentation.credentialLimit else {
      refusals.append(.tooMany("verifiableCredential", limit: Presentation.credentialLimit))
      return
    }
    credentials = elements.map(Self.credential)
  }

  private static func credential(_ element: JSON) -> InspectedCredential {
    do throws(CredentialRefusal) {
      guard element.object != nil else { throw .malformed("verifiableCredential") }
      guard let types = element["type"]?.texts else { throw .malformed("type") }
      guard types.containsText(CredentialTerms.envelopedCredential) else {
        return InspectedCredential(DataIntegrity.read(element, for: .assertionMethod))
      }
      let token = try CompactJWS(parsing: try Envelope.token(of: element, mediaType: CredentialTerms.credentialToken))
      return InspectedCredential(TokenReader.read(token, expecting: CredentialTerms.credentialToken))
    } catch {
      return InspectedCredential(refused: error)
    }
  }
}

/// A token that stands in JSON as a `data:` URL (VC Data Model 2.0, sections 4.13.1 and 4.13.2).
enum Envelope {
  static func token(of envelope: JSON, mediaType: String) throws(CredentialRefusal) -> [UInt8] {
    guard let url = envelope["id"]?.string else { throw .malformed("id") }
    let prefix = "data:application/\(mediaType),"
    guard url.utf8.starts(with: prefix.utf8) else { throw .unsupported("An envelope other than \(mediaType)") }
    guard CredentialTerms.contexts(of: envelope)?.contains(where: { $0.isText(CredentialTerms.context) }) == true else {
      throw .contextMismatch
    }
    return Array(url.utf8.dropFirst(prefix.utf8.count))
  }
}
