import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf

/// A chain with real keys, executed by the ledger and finalized by four validators.
struct TestChain: Sendable {
  struct FinalBlock: Sendable {
    let header: Header
    let certificate: ProtoCertificate?
    let state: LedgerState
    /// The log that ends with the header.
    let edge: LogTileEdge
  }

  static let startMilliseconds: UInt64 = 1_800_000_000_000
  static let blockMilliseconds: UInt64 = 1_000

  let genesis: Genesis
  let consensusKeys: [SigningKey]
  let nodeKeys: [SigningKey]
  /// The first operator, who may enrol DIDs.
  let registrar: Signatory
  let guardian: Signatory
  /// The second operator, who may deploy contracts.
  private static let authorIndex = 1
  var author: Signatory { Signatory(genesis.dids[Self.authorIndex], keys: [Self.key("operator \(Self.authorIndex)")]) }
  private(set) var blocks: [FinalBlock] = []
  private(set) var entries: [LogEntry] = []

  /// - Parameter name: networks of different names have nothing in common.
  init(name: String = "test") throws {
    let indices = Array(0..<4)
    consensusKeys = indices.map { Self.key("\(name) consensus \($0)") }
    nodeKeys = indices.map { Self.key("\(name) node \($0)") }
    let template = try GenesisTemplate(name: name, timeMilliseconds: Self.startMilliseconds, parameters: Parameters())
    var signed: [SignedGenesisEntry] = []
    for index in indices {
      let validator = Validator(
        name: "node-\(index)", consensusKey: consensusKeys[index].publicKey, nodeKey: nodeKeys[index].publicKey,
        peerAddress: "127.0.0.1:\(7000 + index)", clientAddress: "127.0.0.1:\(8000 + index)")
      let entry = try GenesisEntry(
        validator: validator, control: Self.control("operator \(index)"), document: DIDDocument(), salt: [UInt8](repeating: 1, count: 16),
        roles: Roles(index == 0 ? [.registrar, .issuer] : [.trustee, .registrar, .issuer, .author, .guardian, .auditor]))
      signed.append(
        entry.signed(
          for: template, consensusKey: consensusKeys[index], nodeKey: nodeKeys[index], identityKeys: [Self.key("operator \(index)")]))
    }
    genesis = try template.seal(signed)
    registrar = Signatory(genesis.dids[0], keys: [Self.key("operator 0")])
    guardian = Signatory(genesis.dids[1], keys: [Self.key("operator 1")])
    let block = GenesisBlock(genesis)
    commit(block.header, block.state, [], certificate: nil)
  }

  var newest: FinalBlock { blocks[blocks.count - 1] }
  var network: Digest { genesis.network }

  var anchor: TrustAnchor {
    TrustAnchor(network: network, epoch: 0, height: 0, digest: blocks[0].header.digest, validators: genesis.validators)
  }

  static func key(_ name: String) -> SigningKey {
    guard let key = SigningKey(seed: Digest.sha256(Array(name.utf8)).bytes) else { preconditionFailure("a digest has 32 bytes") }
    return key
  }

  /// One update key and one next key, both named after the subject.
  static func control(_ name: String) throws -> Control {
    try Control(update: key(name).publicKey, next: key("\(name) next").publicKey)
  }

  /// A document that differs from others by its alias.
  static func document(_ alias: String) -> DIDDocument { DIDDocument(alsoKnownAs: ["https://example.com/\(alias)"]) }
}

extension TestChain {
  /// Adds a block with these transactions.
  mutating func append(_ transactions: [Transaction] = [], laterMilliseconds: UInt64 = blockMilliseconds) throws {
    let parent = newest
    var execution = BlockExecution(on: parent.state, timeMilliseconds: parent.header.timeMilliseconds + laterMilliseconds)
    let verifier = TransactionVerifier(network: network)
    for transaction in transactions { try execution.apply(verifier.verify(transaction)) }
    let executed = execution.finish()
    let header = executed.header(view: executed.height, proposer: 0)
    let state = try executed.sealed(with: header)
    commit(header, state, transactions.map { .transaction($0.bytes) }, certificate: certificate(of: header))
  }

  /// A finalization of any header, as the validators would have to lie to give it.
  func certificate(of header: Header) -> ProtoCertificate {
    let statement = Statement.finalize(epoch: 0, view: header.view, digest: header.digest)
    let votes = consensusKeys.indices.dropLast().map { index in
      Verified<Vote>.signed(statement, network: network, validator: index, key: consensusKeys[index])
    }
    guard let certificate = Verified<Certificate>.assembled(from: votes, quorum: genesis.validators.quorum) else {
      preconditionFailure("three of four are a quorum")
    }
    return certificate.value.message(validatorCount: genesis.validators.count)
  }

  private mutating func commit(_ header: Header, _ state: LedgerState, _ transactions: [LogEntry], certificate: ProtoCertificate?) {
    var edge = blocks.last?.edge ?? LogTileEdge()
    for entry in transactions + [.header(header.bytes)] {
      _ = edge.append(entry.leafHash)
      entries.append(entry)
    }
    blocks.append(FinalBlock(header: header, certificate: certificate, state: state, edge: edge))
  }

  /// A transaction that the registrar answers for.
  func transaction(_ operations: [LedgerOperation], keys: [String], nonce: UInt8 = 0) throws -> Transaction {
    let unsigned = UnsignedTransaction(
      network: network, submitter: registrar.did, notAfterHeight: newest.header.height + 100, nonce: [UInt8](repeating: nonce, count: 16),
      operations: operations)
    return try unsigned.signed(by: registrar.keys + keys.map(Self.key))
  }

  func creation(_ name: String) throws -> LedgerOperation {
    try .create(
      control: Self.control(name), document: Self.document(name), salt: [UInt8](repeating: 7, count: 16), network: network)
  }

  /// In a block of its own.
  mutating func isolate(_ did: CairnDID, reason: String = "drill") throws {
    try appendGuarding(.isolate(did, reason: reason, network: network))
  }

  mutating func release(_ did: CairnDID) throws { try appendGuarding(.release(did, network: network)) }

  private mutating func appendGuarding(_ operation: LedgerOperation) throws {
    let unsigned = UnsignedTransaction(
      network: network, submitter: guardian.did, notAfterHeight: newest.header.height + 100,
      nonce: [UInt8](repeating: UInt8(truncatingIfNeeded: blocks.count), count: 16), operations: [operation])
    try append([unsigned.signed(by: guardian.keys)])
  }

  func record(of did: CairnDID) throws -> DIDRecord? { try newest.state.version(of: did)?.record }

  /// Enrols a DID whose keys are named after it, in a block of its own.
  mutating func enrol(_ name: String) throws -> CairnDID {
    let operation = try creation(name)
    try append([transaction([operation], keys: [name])])
    return operation.subject
  }

  mutating func update(_ did: CairnDID, of name: String, to alias: String) throws {
    guard let head = try record(of: did)?.head else { preconditionFailure("the DID exists") }
    let operation = try LedgerOperation.update(did, after: head, document: Self.document(alias), network: network)
    try append([transaction([operation], keys: [name])])
  }
}

/// A log this short has no full tiles.
struct NoTiles: LogTileSource {
  struct Missing: Error {}
  func fullTile(_ coordinate: LogTileCoordinate) throws -> [Digest] { throw Missing() }
}

// The answers of an honest node.
extension TestChain {
  /// - Parameter height: of the block under which to answer; `nil` for the newest.
  func proven(_ known: ProtoKnown, at height: Int? = nil) throws -> ProtoProven {
    let block = height.map { blocks[$0] } ?? newest
    var proven = ProtoProven()
    proven.header = Data(block.header.bytes)
    if let certificate = block.certificate { proven.certificate = certificate }
    if known.logSize > 0, known.logSize < block.header.logSize {
      proven.consistency = try LogProver(edge: block.edge, source: NoTiles())
        .consistencyProof(from: known.logSize, to: block.header.logSize).message
    }
    return proven
  }

  func resolution(_ did: CairnDID, _ known: ProtoKnown, at height: Int? = nil) throws -> ProtoProven {
    let state = (height.map { blocks[$0] } ?? newest).state
    var proven = try proven(known, at: height)
    proven.state = [state.tree.proof(for: did.stateKey).message]
    if let record = try state.version(of: did)?.record {
      var resolution = ProtoResolution()
      resolution.record = Data(record.bytes)
      resolution.document = Data(record.documentJSON)
      proven.payload = try resolution.serializedData()
    }
    return proven
  }

  func logProof(_ index: UInt64) throws -> ProtoLogProof {
    let proof = try LogProver(edge: newest.edge, source: NoTiles()).inclusionProof(index: index, size: newest.header.logSize)
    return LogProof(entry: entries[Int(index)].bytes, proof: proof).message
  }

  func index(of id: Digest) -> UInt64? {
    entries.firstIndex { entry in
      guard case .transaction(let bytes) = entry else { return false }
      return (try? Transaction(decoding: bytes, network: network).id) == id
    }.map(UInt64.init)
  }

  /// Log indices below one, newest first.
  func changes(of did: CairnDID, before index: UInt64) -> [UInt64] {
    entries.indices.reversed().filter { position in
      guard position < index, case .transaction(let bytes) = entries[position] else { return false }
      return (try? Transaction(decoding: bytes, network: network))?.operations.contains { $0.did == did } ?? false
    }.map(UInt64.init)
  }

  func receipt(of id: Digest, _ known: ProtoKnown) throws -> ProtoProven? {
    guard let index = index(of: id) else { return nil }
    var proven = try proven(known)
    proven.log = [try logProof(index)]
    return proven
  }
}

extension TestChain {
  /// - Parameter filter: of kinds alone.
  func events(_ heights: ClosedRange<Int>, _ filter: ProtoEventFilter = ProtoEventFilter(), isFirst: Bool = true) throws -> ProtoEventBatch
  {
    let parent = blocks[heights.lowerBound - 1]
    var batch = ProtoEventBatch()
    batch.firstIndex = parent.edge.size
    if isFirst { batch.edge = parent.edge.frontier.peaks.map { Data($0.bytes) } }
    for height in heights {
      var block = ProtoEventBlock()
      block.header = Data(blocks[height].header.bytes)
      let first = Int(blocks[height - 1].edge.size)
      for entry in entries[first..<Int(blocks[height].header.logSize)] {
        guard case .transaction(let bytes) = entry else { continue }
        var message = ProtoEventEntry()
        let kinds = Transaction.subjects(ofFinalized: bytes, network: network).map(\.kind)
        if filter.kinds.isEmpty || kinds.contains(where: filter.kinds.contains) {
          message.transaction = Data(bytes)
        } else {
          message.leafHash = Data(entry.leafHash.bytes)
        }
        block.entries.append(message)
      }
      batch.blocks.append(block)
    }
    if let certificate = blocks[heights.upperBound].certificate { batch.certificate = certificate }
    return batch
  }
}

extension LedgerOperation {
  /// The DID that the operation makes or changes, where there is one.
  var subject: CairnDID {
    guard let did else { preconditionFailure("an operation on a DID") }
    return did
  }
}
