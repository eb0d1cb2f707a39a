import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle
import Synchronization

@testable import CairnLedger

/// The key with this number, always the same.
func key(_ number: Int) -> SigningKey {
  var seed = [UInt8](repeating: 7, count: SigningKey.seedByteCount)
  for byte in 0..<8 { seed[byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
  guard let key = SigningKey(seed: seed) else { preconditionFailure("a seed has 32 bytes") }
  return key
}

/// Sixteen bytes with this number.
func sixteen(_ number: Int) -> [UInt8] {
  (0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 & 7))) }
}

func document(_ keys: Int..., alias: String? = nil) -> DIDDocument {
  DIDDocument(
    verificationMethods: keys.map { number in
      .init(fragment: "key-\(number)", multikey: Multikey(key(number).publicKey).bytes, purposes: [.authentication, .assertionMethod])
    },
    alsoKnownAs: alias.map { [$0] } ?? [])
}

/// A store that holds what it is given.
final class MemoryLedger: FinalizedLedger {
  struct Broken: Error {}
  private struct Contents {
    var records: [Digest: [UInt8]] = [:]
    var superseded: [Digest: [SupersededRecord]] = [:]
    var transactions: Set<Digest> = []
    var isBroken = false
    var reads = 0
  }
  private let contents = Mutex(Contents())

  func store(_ block: ExecutedBlock) {
    store(block.rows)
    contents.withLock { contents in
      for record in block.superseded { contents.superseded[record.key, default: []].append(record) }
    }
  }

  func store(_ rows: [StateRow], transactions: [Digest] = []) {
    contents.withLock { contents in
      for row in rows { contents.records[row.key] = row.record }
      contents.transactions.formUnion(transactions)
    }
  }

  func put(_ record: [UInt8]?, forKey key: Digest) { contents.withLock { $0.records[key] = record } }
  func breakDown() { contents.withLock { $0.isBroken = true } }
  var reads: Int { contents.withLock { $0.reads } }

  func record(forKey key: Digest) throws -> [UInt8]? {
    try contents.withLock { contents in
      guard !contents.isBroken else { throw Broken() }
      contents.reads += 1
      return contents.records[key]
    }
  }

  func supersededRecord(forKey key: Digest, version: UInt64) -> [UInt8]? {
    contents.withLock { $0.superseded[key]?.first { $0.version == version }?.record }
  }

  func supersededLeafHashes(forKey key: Digest, count: UInt64) -> [Digest] {
    contents.withLock { ($0.superseded[key] ?? []).prefix(Int(count)).map { LogTree.leafHash($0.record) } }
  }

  func contains(transaction id: Digest) -> Bool { contents.withLock { $0.transactions.contains(id) } }
}

/// A small network and its newest version.
///
/// Key 1 updates the registrar, whose next key is 2 and recovery key 3. Key 11 updates the trustee, who is no registrar; next
/// is 12. Key 301 updates the guardian, who is an issuer too.
struct World {
  static let genesis: Genesis = {
    do { return try template.seal(try entries.map { try $0.signedByAll() }) } catch { preconditionFailure("\(error)") }
  }()

  static let template: GenesisTemplate = {
    do {
      return try GenesisTemplate(
        name: "test", timeMilliseconds: 1_000_000, parameters: Parameters(maxValidityBlocks: 10, trusteeThreshold: 2))
    } catch { preconditionFailure("\(error)") }
  }()

  /// One operator's part of the ceremony with its keys.
  struct Entry {
    let entry: GenesisEntry
    let keys: (consensus: SigningKey, node: SigningKey, identity: SigningKey)

    init(name: String, firstKey: Int, roles: [Role]) throws {
      keys = (key(firstKey + 100), key(firstKey + 101), key(firstKey))
      entry = try GenesisEntry(
        validator: Validator(
          name: name, consensusKey: keys.consensus.publicKey, nodeKey: keys.node.publicKey, peerAddress: "\(name).example:1",
          clientAddress: "\(name).example:2"),
        control: Control(
          update: key(firstKey).publicKey, next: key(firstKey + 1).publicKey, recovery: key(firstKey + 2).publicKey),
        document: document(firstKey), salt: sixteen(firstKey), roles: Roles(roles))
    }

    func signedByAll(for template: GenesisTemplate = World.template) throws -> SignedGenesisEntry {
      entry.signed(for: template, consensusKey: keys.consensus, nodeKey: keys.node, identityKeys: [keys.identity])
    }
  }

  static let entries: [Entry] = {
    do {
      return [
        try Entry(name: "alpha", firstKey: 1, roles: [.trustee, .operator, .registrar, .issuer]),
        try Entry(name: "beta", firstKey: 11, roles: [.trustee, .operator]),
        try Entry(name: "gamma", firstKey: 301, roles: [.issuer, .guardian]),
        try Entry(name: "omega", firstKey: 321, roles: [.author, .auditor, .guardian]),
      ]
    } catch { preconditionFailure("\(error)") }
  }()

  static let registrar = genesis.dids[0]
  static let trustee = genesis.dids[1]
  static let guardian = genesis.dids[2]
  /// Author and auditor, and a guardian too; its update key is 321.
  static let author = genesis.dids[3]
  static let network = genesis.network

  var state: LedgerState

  init(over store: any FinalizedLedger = EmptyLedger()) {
    state = GenesisBlock(Self.genesis, over: store).state
  }

  var network: Digest { Self.network }
  var height: UInt64 { state.height + 1 }

  /// Signed, verified and ready to be applied.
  func transaction(
    _ operations: [LedgerOperation], by submitter: CairnDID = World.registrar, signers: [Int] = [1], notAfter: UInt64? = nil,
    nonce: Int = 0
  ) throws -> Authorized<Transaction> {
    let unsigned = UnsignedTransaction(
      network: network, submitter: submitter, notAfterHeight: notAfter ?? height + 5, nonce: sixteen(nonce), operations: operations)
    return try TransactionVerifier(network: network).verify(try unsigned.signed(by: signers.map(key)).bytes)
  }

  /// Makes a block of the transactions; all must be accepted.
  @discardableResult
  mutating func commit(_ transactions: Authorized<Transaction>...) throws -> ExecutedBlock {
    let block = try execute(transactions)
    state = try block.sealed(with: header(of: block))
    return block
  }

  func execute(_ transactions: [Authorized<Transaction>]) throws -> ExecutedBlock {
    var execution = BlockExecution(on: state, timeMilliseconds: state.timeMilliseconds + 1_000)
    for transaction in transactions { try execution.apply(transaction) }
    return execution.finish()
  }

  func header(of block: ExecutedBlock, view: UInt64 = 1) -> Header {
    block.header(view: view, proposer: 0)
  }

  /// A DID with update key `first`, next key `first + 1` and recovery key `first + 2`; in the next block, through the registrar.
  mutating func enroll(_ first: Int, controller: CairnDID? = nil) throws -> CairnDID {
    let create = try self.create(first, controller: controller)
    try commit(transaction([create], signers: [1, first, 11], nonce: first))
    return create.subject
  }

  /// A DID with this control, whose keys the registrar, the author, the guardian and key `first` are among.
  mutating func enroll(_ control: Control, _ first: Int) throws -> CairnDID {
    let create = try LedgerOperation.create(control: control, document: document(first), salt: sixteen(first), network: network)
    try commit(transaction([create], signers: [1, 20, 30, 301, 321, first].sorted(), nonce: first))
    return create.subject
  }

  /// By the two trustees.
  mutating func grant(_ role: Role, to did: CairnDID) throws {
    let propose = try LedgerOperation.propose(
      .grantRole(role, did), expiresMilliseconds: state.timeMilliseconds + 86_400_000, salt: sixteen(Int(height)), network: network)
    guard let id = propose.kind.proposal else { preconditionFailure("it proposes") }
    try commit(transaction([propose], signers: [1], nonce: Int(height)))
    try commit(transaction([.approve(id, network: network)], by: Self.trustee, signers: [11], nonce: Int(height)))
  }

  func create(_ first: Int, controller: CairnDID? = nil) throws -> LedgerOperation {
    try .create(control: control(first, controller: controller), document: document(first), salt: sixteen(first), network: network)
  }

  func control(_ first: Int, controller: CairnDID? = nil) throws -> Control {
    try Control(
      update: key(first).publicKey, next: key(first + 1).publicKey, recovery: key(first + 2).publicKey, controller: controller)
  }

  func record(_ did: CairnDID) throws -> DIDRecord {
    guard let record = try state.version(of: did)?.record else { throw MissingDID(did: did) }
    return record
  }

  /// That no policy lets the trustee do this.
  static func refusal(of action: LedgerAction) -> ConstitutionRefusal {
    ConstitutionRefusal(action: action, submitter: trustee, policies: [])
  }

  func head(_ did: CairnDID) throws -> DIDHead { try record(did).head }
}

struct MissingDID: Error { let did: CairnDID }

extension LedgerOperation {
  /// The DID that the operation makes or changes, where there is one.
  var subject: CairnDID {
    guard let did else { preconditionFailure("an operation on a DID") }
    return did
  }
}
