import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages

/// Blocks of a network with one validator, one after the other.
struct FuzzChain: Sendable {
  private let genesis: Genesis
  private let consensusKey: SigningKey
  private(set) var state: LedgerState
  private(set) var headers: [Header]
  private(set) var certificates: [ProtoCertificate] = []
  private(set) var blocks: [Block] = []
  private(set) var rows: [StateRow]

  var head: Header { headers[headers.count - 1] }

  init(_ genesis: Genesis, consensusKey: SigningKey) throws {
    (self.genesis, self.consensusKey) = (genesis, consensusKey)
    let block = GenesisBlock(genesis)
    (state, headers, rows) = (block.state, [block.header], block.rows)
  }

  /// A block of one transaction, by the owner; the agent's key signs too.
  mutating func append(_ operations: [LedgerOperation]) throws {
    let unsigned = UnsignedTransaction(
      network: genesis.network, submitter: genesis.dids[0], notAfterHeight: head.height + 50,
      nonce: [UInt8](repeating: UInt8(truncatingIfNeeded: head.height), count: 16), operations: operations)
    try seal([try unsigned.signed(by: [FuzzWorld.key(3), FuzzWorld.key(10)])])
  }

  mutating func appendEmpty() throws { try seal([]) }

  private mutating func seal(_ transactions: [Transaction]) throws {
    var execution = BlockExecution(on: state, timeMilliseconds: head.timeMilliseconds + 1_000)
    for transaction in transactions { try execution.apply(TransactionVerifier(network: genesis.network).verify(transaction.bytes)) }
    let executed = execution.finish()
    let header = executed.header(view: head.view + 1, proposer: 0)
    state = try executed.sealed(with: header)
    for row in executed.rows {
      rows.removeAll { $0.key == row.key }
      rows.append(row)
    }
    headers.append(header)
    blocks.append(Block(header: header, transactions: transactions.map(\.bytes)))
    let vote = Verified<Vote>.signed(
      .finalize(epoch: 0, view: header.view, digest: header.digest), network: genesis.network, validator: 0, key: consensusKey)
    guard let certificate = Verified<Certificate>.assembled(from: [vote], quorum: 1) else { preconditionFailure("one is a quorum of one") }
    certificates.append(certificate.value.message(validatorCount: 1))
  }

  /// That the validator contradicted itself.
  func evidence() throws -> Evidence {
    let votes = [Statement.nullify(epoch: 0, view: 90), .finalize(epoch: 0, view: 90, digest: .zero)].map { statement in
      Verified<Vote>.signed(statement, network: genesis.network, validator: 0, key: consensusKey).value
    }
    guard let evidence = Evidence(votes[0], votes[1]) else { preconditionFailure("the two exclude each other") }
    return evidence
  }

  /// A contract, decisions by it, an isolation, a session batch, revocations, governance, and evidence.
  mutating func appendContract(agent: CairnDID, list: StatusListID, request: AccessRequest) throws {
    let network = genesis.network
    let version = try ContractVersion(
      id: FuzzWorld.contractID, policies: Array(ContractSeeds.policies.utf8), schema: Array(ContractSeeds.schema.utf8),
      tests: Array(ContractSeeds.tests.utf8), owners: [genesis.dids[0]], network: network)
    try append([.deploy(version, network: network)])
    try append([.recordAccess(request, signature: request.signature(by: FuzzWorld.key(10)), network: network)])
    let propose = try LedgerOperation.propose(
      .grantRole(.issuer, agent), expiresMilliseconds: head.timeMilliseconds + 86_400_000, salt: [UInt8](repeating: 9, count: 16),
      network: network)
    try append([
      propose, .updateStatusList(list, set: [1, 2_048, 99_999], network: network),
      .createSessionBatch(
        controller: genesis.dids[0], root: .sha256([1]), count: 1_000, expiresMilliseconds: head.timeMilliseconds + 3_600_000,
        salt: [UInt8](repeating: 8, count: 16), revokers: [], network: network),
      .attest(FuzzWorld.contractID, hash: version.hash, statement: "read", network: network),
      .isolate(agent, reason: "drill", untilMilliseconds: head.timeMilliseconds + 1_000_000, network: network),
      .release(agent, network: network),
    ])
    // Replaces records that were replaced before.
    try append([
      .updateStatusList(list, set: [3], network: network), .submit(evidence(), consensusKey: consensusKey.publicKey, network: network),
    ])
  }
}
