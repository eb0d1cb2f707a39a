import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnPolicy

/// A ledger with an agent, an issuer who has issued to it, and a contract, which the tests change as they need.
///
/// The agent's document has key 21, the registrar's key 1; the registrar is an issuer, the trustee is none.
struct AccessWorld {
  static let contract = "tools"
  static let contractID: ContractID = {
    guard let id = ContractID(contract) else { preconditionFailure("a name of a contract") }
    return id
  }()
  static let list = World.list("cards")

  var world: World
  let agent: CairnDID
  /// When the request is decided: the newest block's time unless a test says otherwise.
  var moment: BlockMoment
  var policies = """
    @id("search")
    permit(principal, action == Cairn::Action::"tool:search", resource)
    when { principal has credentials && principal.credentials.permissions.contains("tool:search") };
    @id("public")
    permit(principal, action == Cairn::Action::"tool:read", resource) when { resource.id like "public/*" };
    """
  var schema = AccessWorld.schema()
  var isFrozen = false
  var isRetired = false
  var isOverdue = false
  var hasContract = true
  var isolated: Set<CairnDID> = []

  init() throws {
    world = World()
    agent = try world.enroll(21)
    try world.createList(Self.list, purpose: .revocation)
    try world.createList(World.list("pauses"), purpose: .suspension)
    moment = BlockMoment(height: world.state.height, milliseconds: world.state.timeMilliseconds)
  }

  /// The whole model, and the actions that the tests ask for.
  static func schema(asserted: String = "asserted?: { environment?: String }") -> String {
    EntityModel.schemaText.replacing(
      """
        action "example" appliesTo {
          principal: [Agent],
          resource: [Resource],
      """,
      with: """
          action "tool:search", "tool:read", "example" appliesTo {
            principal: [Agent],
            resource: [Resource],
        """
    ).replacing("asserted?: {},         // any record: what the asker merely claims", with: "\(asserted),")
  }

  var now: Timestamp { Timestamp(milliseconds: Int64(moment.milliseconds)) }

  func signer(_ did: CairnDID, _ number: Int) throws -> CredentialSigner {
    try CredentialSigner(did: did, fragment: "key-\(number)", key: key(number))
  }

  /// Issued by the registrar, good for an hour from now.
  func credential(
    issuer: (did: CairnDID, key: Int) = (World.registrar, 1), subject: CairnDID? = nil, permissions: [String] = ["tool:search"],
    role: String? = nil, depth: Int64? = nil, from start: Timestamp? = nil, lifetime: CredentialLifetime = .standard,
    statuses: [CredentialStatusEntry] = [CredentialStatusEntry(purpose: .revocation, list: AccessWorld.list, index: 5)]
  ) throws -> [UInt8] {
    try unsigned(
      issuer: issuer.did, subject: subject, permissions: permissions, role: role, depth: depth, from: start, lifetime: lifetime,
      statuses: statuses
    ).secured(by: signer(issuer.did, issuer.key)).bytes
  }

  func unsigned(
    issuer: CairnDID = World.registrar, subject: CairnDID? = nil, permissions: [String] = ["tool:search"], role: String? = nil,
    depth: Int64? = nil, from start: Timestamp? = nil, lifetime: CredentialLifetime = .standard,
    statuses: [CredentialStatusEntry] = [CredentialStatusEntry(purpose: .revocation, list: AccessWorld.list, index: 5)]
  ) throws -> AgentCredential {
    try AgentCredential(
      issuer: DID(parsing: issuer.description), subject: DID(parsing: (subject ?? agent).description), role: role,
      permissions: permissions, delegationDepth: depth, validFrom: start ?? now, lifetime: lifetime, statuses: statuses)
  }

  func request(
    _ action: String = "tool:search", on resource: String = "web", by principal: CairnDID? = nil, network: Digest? = nil,
    contract: String = AccessWorld.contract, asserted: String = "", credentials: [[UInt8]] = [], challenge: String? = nil,
    audience: String? = nil
  ) throws -> AccessRequest {
    try AccessRequest(
      network: network ?? world.network, principal: principal ?? agent, action: action, resource: resource, contract: contract,
      asserted: Array(asserted.utf8), credentials: credentials, challenge: challenge, audience: audience)
  }

  func decide(_ request: AccessRequest, signer: AccessSigner = .none) throws -> AccessDecision {
    var judge = AccessJudge(request, signer, over: try state(), network: world.network, at: moment)
    return try judge.decide()
  }

  func state() throws -> WorldState {
    var contract: AccessContract?
    if hasContract {
      let compiled = try CompiledContract(policies: Array(policies.utf8), schema: Array(schema.utf8))
      contract = AccessContract(
        AccessDecision.Contract(id: Self.contract, version: 3, hash: .sha256(Array(policies.utf8)), isOverdue: isOverdue),
        isFrozen: isFrozen, isRetired: isRetired, compiled: compiled)
    }
    return WorldState(state: world.state, contract: contract, isolated: isolated)
  }

  func reasons(_ request: AccessRequest, signer: AccessSigner = .none) throws -> [String] {
    let decision = try decide(request, signer: signer)
    return decision.refusals.map(\.reason)
  }
}

/// The state of a world, with a contract and isolations that a test chose.
struct WorldState: AccessState {
  typealias Failure = LedgerFault

  let state: LedgerState
  let contract: AccessContract?
  let isolated: Set<CairnDID>
  /// What was read, in order.
  private(set) var reads: [String] = []

  mutating func did(_ did: CairnDID) throws(LedgerFault) -> DIDRecord? {
    reads.append("did \(did)")
    return try state.version(of: did)?.record
  }

  mutating func roles(of did: CairnDID) throws(LedgerFault) -> Roles {
    reads.append("roles \(did)")
    return try state.roles(of: did)
  }

  mutating func isIsolated(_ did: CairnDID, at moment: BlockMoment) -> Bool {
    reads.append("isolation \(did)")
    return isolated.contains(did)
  }

  mutating func contract(_ id: ContractID, at moment: BlockMoment) -> AccessContract? {
    reads.append("contract \(id)")
    return contract?.stated.id == id.name ? contract : nil
  }

  mutating func statusList(_ list: StatusListID) throws(LedgerFault) -> StatusListRecord? {
    reads.append("list \(list)")
    return try state.record(forKey: list.stateKey).flatMap { try? StatusListRecord(decoding: $0) }
  }

  mutating func chunk(_ chunk: UInt32, of list: StatusListID) throws(LedgerFault) -> StatusChunk? {
    reads.append("chunk \(chunk) of \(list)")
    return try state.record(forKey: list.chunkKey(chunk)).flatMap { try? StatusChunk(decoding: $0) }
  }
}
