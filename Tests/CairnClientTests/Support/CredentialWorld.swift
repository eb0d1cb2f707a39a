import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

/// A chain with an issuer that has a revocation list, and an agent to whom it issues.
struct CredentialWorld: Sendable {
  static let keyFragment = "key-1"

  let test: Fixture
  /// The registrar, who is an issuer too.
  let issuer: CairnDID
  let agent: CairnDID
  let list: StatusListID

  static func start(nodes: Int = 1) async throws -> CredentialWorld {
    let test = try await Fixture.start(nodes: nodes)
    let agent = try test.shared.change { chain in
      try chain.setDocument(of: chain.registrar.did, keyName: "issuer document")
      try chain.createList("cards", purpose: .revocation)
      return try chain.enrolSigner("agent")
    }
    let issuer = test.shared.chain.registrar.did
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    return CredentialWorld(test: test, issuer: issuer, agent: agent, list: TestChain.list(of: issuer, "cards"))
  }

  var now: Timestamp { Timestamp(milliseconds: Int64(test.clock.clock.unixMilliseconds())) }

  func signer(_ did: CairnDID, _ keyName: String) throws -> CredentialSigner {
    try CredentialSigner(did: did, fragment: Self.keyFragment, key: TestChain.key(keyName))
  }

  /// A credential of the issuer for the agent.
  func credential(
    index: UInt64 = 7, list: StatusListID? = nil, purpose: StatusListPurpose = .revocation, issuer: CairnDID? = nil,
    keyName: String = "issuer document", subject: CairnDID? = nil, asToken: Bool = false
  ) throws -> SecuredCredential {
    let signer = try signer(issuer ?? self.issuer, keyName)
    let credential = try AgentCredential(
      issuer: signer.did, subject: DID(parsing: (subject ?? agent).description), role: "deployer", permissions: ["tool:deploy"],
      validFrom: now, statuses: [CredentialStatusEntry(purpose: purpose, list: list ?? self.list, index: index)])
    return try asToken ? credential.token(by: signer) : credential.secured(by: signer)
  }

  /// Changes the chain; the clock follows.
  func change(_ body: (inout TestChain) throws -> Void) throws {
    try test.shared.change { try body(&$0) }
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
  }
}

extension TestChain {
  static func signingDocument(_ keyName: String) -> DIDDocument {
    DIDDocument(verificationMethods: [
      DIDDocument.VerificationMethod(
        fragment: CredentialWorld.keyFragment, multikey: Multikey(key(keyName).publicKey).bytes,
        purposes: [.authentication, .assertionMethod])
    ])
  }

  /// Gives the registrar's DID a document with one key.
  mutating func setDocument(of did: CairnDID, keyName: String) throws {
    guard let head = try record(of: did)?.head else { preconditionFailure("the DID exists") }
    let operation = try LedgerOperation.update(did, after: head, document: Self.signingDocument(keyName), network: network)
    try append([transaction([operation], keys: [], nonce: UInt8(truncatingIfNeeded: blocks.count))])
  }

  /// Enrols a DID whose update key is named after it, and whose document has the key `<name> document`.
  mutating func enrolSigner(_ name: String) throws -> CairnDID {
    let operation = try LedgerOperation.create(
      control: Self.control(name), document: Self.signingDocument("\(name) document"), salt: [UInt8](repeating: 9, count: 16),
      network: network)
    try append([transaction([operation], keys: [name])])
    return operation.subject
  }

  mutating func deactivate(_ did: CairnDID, of name: String) throws {
    guard let head = try record(of: did)?.head else { preconditionFailure("the DID exists") }
    try append([transaction([.deactivate(did, after: head, network: network)], keys: [name])])
  }

  mutating func createList(_ name: String, purpose: StatusListPurpose) throws {
    let list = Self.list(of: registrar.did, name)
    let nonce = UInt8(truncatingIfNeeded: blocks.count)
    try append([transaction([.createStatusList(list, purpose: purpose, network: network)], keys: [], nonce: nonce)])
  }
}
