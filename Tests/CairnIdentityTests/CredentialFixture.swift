import CairnCrypto
import Testing

@testable import CairnIdentity

/// An issuer, an agent and somebody else, and what a verifier knows of them.
enum Fixture {
  struct Party {
    let cairnDID: CairnDID
    let did: DID
    let key: SigningKey
    let document: DIDDocument
    let signer: CredentialSigner

    var documentBytes: [UInt8] { document.json(did: cairnDID, controller: nil) }
  }

  static let now = time("2026-03-01T12:00:00Z")
  static let base = "https://node.example"
  static let issuer = party(1, [.assertionMethod])
  static let agent = party(2, [.authentication])
  static let stranger = party(3, [.authentication, .assertionMethod])

  static func time(_ text: String) -> Timestamp {
    guard let time = Timestamp(parsing: text) else { preconditionFailure("a literal of a test") }
    return time
  }

  static func party(_ seed: UInt8, _ purposes: [VerificationPurpose]) -> Party {
    let did = CairnDID(network: .sha256([1]), create: .sha256([seed]))
    guard let key = SigningKey(seed: [UInt8](repeating: seed, count: 32)), let general = try? DID(parsing: did.description),
      let signer = try? CredentialSigner(did: did, fragment: "key-1", key: key)
    else { preconditionFailure("a literal of a test") }
    let method = DIDDocument.VerificationMethod(fragment: "key-1", multikey: Multikey(key.publicKey).bytes, purposes: purposes)
    return Party(cairnDID: did, did: general, key: key, document: DIDDocument(verificationMethods: [method]), signer: signer)
  }

  static func entry(_ purpose: StatusListPurpose, _ index: UInt64 = 7) -> CredentialStatusEntry {
    guard let list = try? StatusListID(issuer: issuer.cairnDID, name: purpose.name) else { preconditionFailure("a literal of a test") }
    return CredentialStatusEntry(purpose: purpose, list: list, index: index, base: base)
  }

  static func content(
    lifetime: CredentialLifetime = .standard, statuses: [CredentialStatusEntry] = [entry(.revocation)]
  ) throws -> AgentCredential {
    try AgentCredential(
      id: "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33", issuer: issuer.did, subject: agent.did, role: "buyer",
      permissions: ["order:create", "order:read"], validFrom: now.adding(milliseconds: -60_000), lifetime: lifetime, statuses: statuses)
  }

  static func facts() -> CredentialFacts {
    var facts = CredentialFacts(documents: [
      issuer.did: .active(issuer.documentBytes), agent.did: .active(agent.documentBytes), stranger.did: .active(stranger.documentBytes),
    ])
    for purpose in StatusListPurpose.allCases { facts.statuses[entry(purpose).position] = .known(purpose, isSet: false) }
    return facts
  }

  static func policy() -> VerificationPolicy { VerificationPolicy(now: now) }

  /// The document signed by the issuer, or by another, whatever it says.
  static func signed(
    _ document: JSON, by signer: CredentialSigner = issuer.signer, options: DataIntegrity.Options = .init(created: now)
  ) throws -> [UInt8] {
    try JCS.encode(DataIntegrity.secure(document, by: signer, options))
  }

  /// The payload signed by the issuer, or by another, whatever it says.
  static func token(_ payload: JSON, type: String = "vc+jwt", by signer: CredentialSigner = issuer.signer) throws -> [UInt8] {
    Array(try CompactJWS.sign(payload, type: type, by: signer).utf8)
  }

  /// A token of any header and any bytes as payload, signed by the issuer.
  static func token(header: JSON, payload: [UInt8]) throws -> [UInt8] {
    let input = Base64URL.encode(try JCS.encode(header)) + "." + Base64URL.encode(payload)
    return Array((input + "." + Base64URL.encode(issuer.key.signature(for: Array(input.utf8)).bytes)).utf8)
  }

  static func verdict(
    _ bytes: [UInt8], facts: CredentialFacts = facts(), policy: VerificationPolicy = policy()
  ) -> CredentialVerdict {
    CredentialInspection(of: bytes).verify(with: facts, under: policy)
  }

  static func refusals(
    _ bytes: [UInt8], facts: CredentialFacts = facts(), policy: VerificationPolicy = policy()
  ) -> [CredentialRefusal] {
    verdict(bytes, facts: facts, policy: policy).refusals
  }
}

extension JSON {
  /// An object with a member replaced, added, or with `nil` removed.
  func with(_ key: String, _ value: JSON?) -> JSON {
    guard let members = object else { return self }
    guard let value else { return without(key) }
    let isPresent = members.contains { $0.key == key }
    let replaced = members.map { $0.key == key ? JSON.Member(key, value) : $0 }
    return .object(isPresent ? replaced : replaced + [JSON.Member(key, value)])
  }
}
