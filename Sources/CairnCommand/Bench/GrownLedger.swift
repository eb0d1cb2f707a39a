import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnStore
import Foundation

/// The ledger of a network that has been running for long: a valid chain, made without consensus by whoever has all keys, because agreeing
/// on a million agents takes half an hour and is measured elsewhere.
struct GrownLedger {
  private static let agentsPerTransaction = 128
  private static let transactionsPerBlock = 8
  /// Blocks after the last agent: more than are fetched with a snapshot, and enough for a new node to look for one.
  private static let quietBlocks = 2_200
  private static let blocksPerWrite = 64
  private static let agentKey = SigningKey.generate()

  private let network: DevnetNetwork
  private let consensusKeys: [SigningKey]
  private let registrar: (did: CairnDID, keys: [SigningKey])
  private let store: Store
  private var state: LedgerState
  private var blocks: [FinalizedBlock] = []

  /// An agent of the ledger.
  static func agent(_ number: Int, on network: Digest) throws -> LedgerOperation {
    try .create(
      control: Control(update: agentKey.publicKey, next: agentKey.publicKey), document: Fleet.document(agentKey, revision: UInt64(number)),
      salt: Digest.sha256(Array("agent \(number)".utf8)).bytes.suffix(DIDCreate.saltByteCount), network: network)
  }

  /// Fills the data directories of all nodes, which have not run yet.
  static func fill(_ network: DevnetNetwork, agents: Int) throws {
    let names = network.names
    let first = network.files.data(names[0])
    do {
      var ledger = try GrownLedger(network, path: first)
      try ledger.grow(agents: agents)
    }
    for name in names.dropFirst() { try FileManager.default.copyItem(atPath: first, toPath: network.files.data(name)) }
  }

  private init(_ network: DevnetNetwork, path: String) throws {
    self.network = network
    let (files, digest) = (network.files, network.genesis.network)
    let passphrase = try Passphrase.read(files.passphrase)
    consensusKeys = try network.names.map { name in
      let path = OperatorFiles(directory: files.node(name), name: name).keys
      let keys = try KeyFiles.decrypt(try KeyFiles.load(path), at: path, passphrase: passphrase)
      guard let key = keys.first(where: { $0.name == OperatorEntry.consensusKeyName })?.key else {
        throw CommandFailure.refused("unknown_key_name", "The key file \(path) has no consensus key.")
      }
      return key
    }
    let wallet = try Wallet.open(files.registrar, passphrase: passphrase, hashing: .minimal)
    registrar = (try wallet.did(nil, network: digest), wallet.keys.map(\.key))
    store = try Store(path: path, network: digest, indexKeys: { Transaction.lookUpKeys(ofFinalized: $0, network: digest) })
    let genesis = GenesisBlock(network.genesis, over: StoredLedger(reader: try store.stateReader()))
    state = genesis.state
    blocks = [FinalizedBlock(proposal: Self.proposal(Block(header: genesis.header, transactions: [])), finalization: nil)]
    try apply(genesis.rows, [], genesis.header)
  }

  private mutating func grow(agents: Int) throws {
    let perBlock = Self.agentsPerTransaction * Self.transactionsPerBlock
    for first in stride(from: 0, to: agents, by: perBlock) {
      let end = min(first + perBlock, agents)
      try append(
        try stride(from: first, to: end, by: Self.agentsPerTransaction).map { start in
          try enrolment(of: start..<min(start + Self.agentsPerTransaction, end))
        })
    }
    for _ in 0..<Self.quietBlocks { try append([]) }
    try write()
    try store.index.catchUp(from: try store.chainReader())
    guard let view = try store.stateView() else { return }
    let maker = try store.snapshotMaker(of: view) { value, record in
      RecordHistory.earlierVersions(value: value, record: record)?.size ?? 0
    }
    while try maker.makeSlice() {}
  }

  private func enrolment(of agents: Range<Int>) throws -> Transaction {
    let digest = network.genesis.network
    let unsigned = UnsignedTransaction(
      network: digest, submitter: registrar.did, notAfterHeight: state.height + 10, nonce: randomBytes(Transaction.nonceByteCount),
      operations: try agents.map { try Self.agent($0, on: digest) })
    return try unsigned.signed(by: registrar.keys + [Self.agentKey])
  }

  private mutating func append(_ transactions: [Transaction]) throws {
    let verifier = TransactionVerifier(network: network.genesis.network)
    var execution = BlockExecution(on: state, timeMilliseconds: state.timeMilliseconds + 1)
    for transaction in transactions { try execution.apply(verifier.verify(transaction.bytes)) }
    let executed = execution.finish()
    let header = executed.header(view: state.height + 1, proposer: 0)
    state = try executed.sealed(with: header)
    try apply(executed.rows, executed.superseded, header)
    state.finalize(through: state.height)
    let block = Block(header: header, transactions: transactions.map(\.bytes))
    blocks.append(FinalizedBlock(proposal: Self.proposal(block), finalization: try finalization(of: header)))
    if blocks.count >= Self.blocksPerWrite { try write() }
  }

  private mutating func write() throws {
    var batch = ChainBatch(validatorCount: consensusKeys.count)
    batch.commit = blocks
    try store.chain.write(batch)
    blocks = []
  }

  private func apply(_ rows: [CairnLedger.StateRow], _ superseded: [SupersededRecord], _ header: Header) throws {
    try store.state.apply(
      rows.map { CairnStore.StateRow(key: $0.key, value: $0.value, record: $0.record) },
      superseded: superseded.map { SupersededRow(key: $0.key, version: $0.version, record: $0.record) }, height: header.height,
      root: header.stateRoot)
  }

  private func finalization(of header: Header) throws -> Certificate {
    let quorum = network.genesis.validators.quorum
    let statement = Statement.finalize(epoch: 0, view: header.view, digest: header.digest)
    let votes = consensusKeys.prefix(quorum).enumerated().map { index, key in
      Verified<Vote>.signed(statement, network: header.network, validator: index, key: key)
    }
    guard let certificate = Verified<Certificate>.assembled(from: votes, quorum: quorum) else {
      preconditionFailure("a quorum has signed")
    }
    return certificate.value
  }

  private static func proposal(_ block: Block) -> Proposal { Proposal(block: block, vote: nil, parent: nil, skips: []) }
}

/// What is in `state.db`. No transaction is submitted twice here.
private struct StoredLedger: FinalizedLedger {
  let reader: StateReader

  func record(forKey key: Digest) throws -> [UInt8]? { try reader.row(key)?.record }
  func supersededRecord(forKey key: Digest, version: UInt64) throws -> [UInt8]? { try reader.supersededRecord(key, version: version) }
  func supersededLeafHashes(forKey key: Digest, count: UInt64) throws -> [Digest] {
    try reader.supersededLeafHashes(key, count: count)
  }
  func contains(transaction id: Digest) -> Bool { false }
}
