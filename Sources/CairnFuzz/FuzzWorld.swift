import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import Foundation

/// A small network with one of everything on its ledger: what valid inputs are taken from, and what mutated ones are given to. Made once.
struct FuzzWorld: Sendable {
  static let shared: FuzzWorld = {
    do { return try FuzzWorld() } catch { preconditionFailure("the world of the fuzz targets: \(error)") }
  }()

  /// Ed25519 is not what is looked for: any signature will do, so that inputs get past it.
  struct AnySignature: SignatureScheme {
    func isValid(_ signature: Signature, by key: PublicKey, for message: [UInt8]) -> Bool { true }
  }

  static let contractID: ContractID = {
    guard let id = ContractID("tools") else { preconditionFailure("a name of a contract") }
    return id
  }()

  let genesis: Genesis
  /// Signed by this network's only operator, and so sealed by its only entry.
  let entry: SignedGenesisEntry
  let template: GenesisTemplate
  let agent: CairnDID
  let list: StatusListID
  let chain: FuzzChain
  let accessRequest: AccessRequest
  let credentials: [[UInt8]]

  /// Of the newest block.
  var state: LedgerState { chain.state }
  var headers: [Header] { chain.headers }
  var certificates: [ProtoCertificate] { chain.certificates }
  var blocks: [Block] { chain.blocks }
  /// Of the newest state.
  var rows: [StateRow] { chain.rows }
  var network: Digest { genesis.network }
  var owner: CairnDID { genesis.dids[0] }
  var transactions: [[UInt8]] { blocks.flatMap(\.transactions) }
  var head: Header { headers[headers.count - 1] }

  var anchor: TrustAnchor {
    TrustAnchor(network: network, epoch: 0, height: 0, digest: headers[0].digest, validators: genesis.validators)
  }

  static func key(_ number: UInt8) -> SigningKey {
    guard let key = SigningKey(seed: [UInt8](repeating: number, count: SigningKey.seedByteCount)) else {
      preconditionFailure("a seed has 32 bytes")
    }
    return key
  }

  static func document(_ number: UInt8) -> DIDDocument {
    DIDDocument(
      verificationMethods: [
        .init(
          fragment: "key-\(number)", multikey: Multikey(key(number).publicKey).bytes, purposes: [.authentication, .assertionMethod])
      ], alsoKnownAs: ["https://agents.example/\(number)"])
  }

  private init() throws {
    template = try GenesisTemplate(
      name: "fuzz", timeMilliseconds: 1_700_000_000_000, parameters: Parameters(maxValidityBlocks: 100, trusteeThreshold: 1))
    let (consensus, node, identity) = (Self.key(1), Self.key(2), Self.key(3))
    entry = try GenesisEntry(
      validator: Validator(
        name: "one", consensusKey: consensus.publicKey, nodeKey: node.publicKey, peerAddress: "one.example:1",
        clientAddress: "one.example:2"),
      control: Control(update: identity.publicKey, next: Self.key(4).publicKey, recovery: Self.key(5).publicKey),
      document: Self.document(3), salt: [UInt8](repeating: 3, count: 16), roles: Roles(Role.allCases)
    ).signed(for: template, consensusKey: consensus, nodeKey: node, identityKeys: [identity])
    genesis = try template.seal([entry])
    var builder = try FuzzChain(genesis, consensusKey: consensus)
    let create = try LedgerOperation.create(
      control: Control(update: Self.key(10).publicKey, next: Self.key(11).publicKey, controller: genesis.dids[0]),
      document: Self.document(10), salt: [UInt8](repeating: 10, count: 16), network: genesis.network)
    guard let agent = create.did else { preconditionFailure("it creates a DID") }
    self.agent = agent
    list = try StatusListID(issuer: genesis.dids[0], name: "cards")
    try builder.append([create, .createStatusList(list, purpose: .revocation, network: genesis.network)])
    credentials = try Self.credentials(of: agent, issuer: genesis.dids[0], list: list)
    accessRequest = try AccessRequest(
      network: genesis.network, principal: agent, action: "use", resource: "staging/shop", contract: Self.contractID.name,
      asserted: Array(#"{"environment":"staging","at":"2030-01-01"}"#.utf8), credentials: [credentials[0]],
      nonce: [UInt8](repeating: 1, count: 16), notAfterMilliseconds: builder.head.timeMilliseconds + 60_000)
    try builder.appendContract(agent: agent, list: list, request: accessRequest)
    chain = builder
  }

  private static func credentials(of agent: CairnDID, issuer: CairnDID, list: StatusListID) throws -> [[UInt8]] {
    let unsigned = try AgentCredential(
      issuer: DID(parsing: issuer.description), subject: DID(parsing: agent.description), role: "deployer", permissions: ["use"],
      delegationDepth: 1, validFrom: Timestamp(milliseconds: 1_700_000_000_000), lifetime: .standard,
      statuses: [CredentialStatusEntry(purpose: .revocation, list: list, index: 7)])
    let signer = try CredentialSigner(did: issuer, fragment: "key-3", key: key(3))
    let (secured, token) = (try unsigned.secured(by: signer), try unsigned.token(by: signer))
    let holder = try CredentialSigner(did: agent, fragment: "key-10", key: key(10))
    let presentation = try Presentation(holder: DID(parsing: agent.description), credentials: [secured, token]).secured(
      by: holder, created: Timestamp(milliseconds: 1_700_000_001_000), challenge: "once", domain: "gate")
    return [secured.bytes, token.bytes, try JCS.encode(presentation)]
  }
}
