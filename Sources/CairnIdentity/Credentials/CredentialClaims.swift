/// What a credential of the VC Data Model 2.0 says.
public struct CredentialClaims: Sendable {
  /// A URI.
  public let id: String?
  public let types: [String]
  public let issuer: DID
  /// A URI, in general a DID; `nil` for whoever bears the credential.
  public let subject: String?
  /// Of an agent; `nil` in credentials of other types.
  public let role: String?
  /// Of an agent; empty in credentials of other types.
  public let permissions: [String]
  /// How often the agent's authority was handed on before it came to the agent; `nil` when the issuer does not say.
  public let delegationDepth: Int64?
  public let validFrom: Timestamp?
  public let validUntil: Timestamp?
  public let statuses: [CredentialStatusEntry]
  /// The whole document without its proof, or the token's payload.
  public let document: JSON
}

/// Reads claims and collects every objection on the way.
struct ClaimsReader {
  private let document: JSON
  private(set) var refusals: [CredentialRefusal] = []

  /// - Parameter document: without its proof, or a token's payload.
  init(_ document: JSON) { self.document = document }

  /// `nil` only with a refusal.
  mutating func claims() -> CredentialClaims? {
    guard document.object != nil else {
      refusals.append(.malformed("credential"))
      return nil
    }
    checkContext()
    let id = identifier("id")
    let types = types(including: CredentialTerms.credential)
    let issuer = issuer()
    let subject = subject()
    let isAgent = types.containsText(CredentialTerms.agentCredential)
    let (validFrom, validUntil) = validity()
    let statuses = statuses()
    let role = isAgent ? role(of: subject) : nil
    let permissions = isAgent ? permissions(of: subject) : []
    let delegationDepth = isAgent ? delegationDepth(of: subject) : nil
    guard let issuer else { return nil }
    return CredentialClaims(
      id: id, types: types, issuer: issuer, subject: subject.flatMap { $0["id"]?.string }, role: role, permissions: permissions,
      delegationDepth: delegationDepth, validFrom: validFrom, validUntil: validUntil, statuses: statuses, document: document)
  }

  /// Section 4.3: a list, of which the first is that of the data model.
  mutating func checkContext() {
    if document["@context"]?.array?.first?.isText(CredentialTerms.context) != true { refusals.append(.contextMismatch) }
  }

  /// - Returns: empty with a refusal.
  mutating func types(including required: String) -> [String] {
    guard let types = document["type"]?.texts, types.containsText(required) else {
      refusals.append(.malformed("type"))
      return []
    }
    return types
  }

  private mutating func identifier(_ member: String) -> String? {
    guard let value = document[member] else { return nil }
    guard let text = value.string, URISyntax.isAbsolute(text) else {
      refusals.append(.malformed(member))
      return nil
    }
    return text
  }

  private mutating func issuer() -> DID? {
    guard let text = document["issuer"].flatMap(CredentialTerms.identifier) else {
      refusals.append(.malformed("issuer"))
      return nil
    }
    guard let did = try? DID(parsing: text) else {
      refusals.append(URISyntax.isAbsolute(text) ? .unsupported("An issuer that is not a DID") : .malformed("issuer"))
      return nil
    }
    return did
  }

  /// The one subject, an object; its identifier is a URI if it has one.
  private mutating func subject() -> JSON? {
    let subjects = document["credentialSubject"].map { $0.array ?? [$0] } ?? []
    guard subjects.count <= 1 else {
      refusals.append(.unsupported("A credential with several subjects"))
      return nil
    }
    guard let subject = subjects.first, subject.object?.isEmpty == false else {
      refusals.append(.malformed("credentialSubject"))
      return nil
    }
    if let id = subject["id"], id.string.map(URISyntax.isAbsolute) != true { refusals.append(.malformed("credentialSubject.id")) }
    return subject
  }

  private mutating func role(of subject: JSON?) -> String? {
    guard let value = subject?["role"] else { return nil }
    if value.string == nil { refusals.append(.malformed("credentialSubject.role")) }
    return value.string
  }

  private mutating func permissions(of subject: JSON?) -> [String] {
    guard let value = subject?["permissions"] else { return [] }
    guard let array = value.array, case let texts = array.compactMap(\.string), texts.count == array.count else {
      refusals.append(.malformed("credentialSubject.permissions"))
      return []
    }
    if texts.count > AgentCredential.permissionLimit {
      refusals.append(.tooMany("credentialSubject.permissions", limit: AgentCredential.permissionLimit))
    }
    return texts
  }

  private mutating func delegationDepth(of subject: JSON?) -> Int64? {
    guard let value = subject?["delegationDepth"] else { return nil }
    guard let depth = value.number.flatMap(Int64.init(exactly:)), (0...AgentCredential.delegationDepthLimit).contains(depth) else {
      refusals.append(.malformed("credentialSubject.delegationDepth"))
      return nil
    }
    return depth
  }

  private mutating func validity() -> (from: Timestamp?, until: Timestamp?) {
    let (from, until) = (time("validFrom"), time("validUntil"))
    if let from, let until, until < from { refusals.append(.malformed("validUntil")) }
    return (from, until)
  }

  private mutating func time(_ member: String) -> Timestamp? {
    guard let value = document[member] else { return nil }
    let time = value.string.flatMap { Timestamp(parsing: $0) }
    if time == nil { refusals.append(.malformed(member)) }
    return time
  }

  private mutating func statuses() -> [CredentialStatusEntry] {
    let elements = document["credentialStatus"].map { $0.array ?? [$0] } ?? []
    guard elements.count <= AgentCredential.statusLimit else {
      refusals.append(.tooMany("credentialStatus", limit: AgentCredential.statusLimit))
      return []
    }
    var entries: [CredentialStatusEntry] = []
    for element in elements {
      do { entries.append(try CredentialStatusEntry(parsing: element)) } catch { refusals.append(error) }
    }
    return entries
  }
}
