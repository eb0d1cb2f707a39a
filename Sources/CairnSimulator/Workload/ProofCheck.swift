import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNode
import Foundation
import SwiftProtobuf

/// What clients do with every answer: believe nothing that does not prove itself.
struct ProofCheck {
  private let anchor: TrustAnchor
  private let scheme: any SignatureScheme

  init(_ world: World, scheme: any SignatureScheme) {
    anchor = TrustAnchor(
      network: world.genesis.network, epoch: 0, height: 0, digest: GenesisBlock(world.genesis).header.digest,
      validators: world.genesis.validators)
    self.scheme = scheme
  }

  /// A receipt proves that these very bytes are an entry of the log.
  ///
  /// - Returns: what is wrong with it.
  func problem(of receipt: ProtoProven, for transaction: [UInt8], by queries: QueryService?) -> String? {
    var client = client(asking: queries)
    do {
      let header = try client.certify(receipt)
      guard let proof = receipt.log.first else { return "it has no log proof" }
      guard case .transaction(let bytes) = try header.entry(proof).entry, bytes == transaction else { return "it is another transaction's" }
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// A client that begins with the genesis and follows the validators as far as the node leads.
  private func client(asking queries: QueryService?) -> LightClient {
    var client = LightClient(anchor: anchor, scheme: scheme)
    var request = ProtoEpochsRequest()
    while let answer = try? queries?.epochs(request), !answer.changes.isEmpty, (try? client.follow(answer.changes)) != nil {
      request.from = client.epoch
    }
    return client
  }

  /// The version of a DID that a node proves; `nil` when it proves that there is none.
  func resolve(_ did: CairnDID, at node: Respondent, _ model: LedgerModel) throws -> ResolvedDID? {
    var request = ProtoResolveRequest()
    request.did = did.description
    let (proven, header) = try certified(node.queries.resolve(request).message, by: node)
    guard let proof = proven.state.first else { throw LedgerModel.Problem("it has no state proof") }
    let expected = model.identities[did]?.value(at: header.header.height)
    guard let value = try header.value(of: did.stateKey, proof: proof) else {
      try demand(expected == nil, "no \(did), which is there")
      return nil
    }
    let resolution = try ProtoResolution(serializedBytes: proven.payload)
    let resolved = try ResolvedDID(did, stateValue: value, record: [UInt8](resolution.record), document: [UInt8](resolution.document))
    let head = resolved.record.head
    try demand(
      expected?.sequence == head.sequence && expected?.head == head.hash && expected?.isDeactivated == resolved.isDeactivated,
      "\(did) with another version than the log leads to")
    return resolved
  }

  /// Whether a node answers as the log says.
  func check(_ question: Question, at node: Respondent, _ model: LedgerModel) throws {
    switch question {
    case .identity(let did): _ = try resolve(did, at: node, model)
    case .isolation(let did):
      var request = ProtoResolveRequest()
      request.did = did.description
      request.withIsolation = true
      let (proven, header) = try certified(node.queries.resolve(request).message, by: node)
      let record = try ProtoResolution(serializedBytes: proven.payload).isolation
      let value = try header.value(of: did.isolationKey, proof: proof(1, of: proven))
      let isolation = try IsolationRecord.verify(did, stateValue: value, record: [UInt8](record))
      let expected = model.isolations[did]?.value(at: header.header.height) ?? false
      try demand((isolation?.release == nil && isolation != nil) == expected, "\(did) isolated or not, and the log says otherwise")
    case .status(let list, let index):
      var request = ProtoStatusRequest()
      (request.list, request.index) = (list.description, index)
      let (proven, header) = try certified(node.queries.status(request).message, by: node)
      guard let expected = model.lists[list]?.value(at: header.header.height) else { return }
      let chunk = try record(of: list.chunkKey(StatusChunk.chunk(of: index)), 1, of: proven, header) {
        [UInt8](try ProtoStatusAnswer(serializedBytes: proven.payload).chunk.record)
      }
      let isSet = try chunk.map { try StatusChunk(decoding: $0)[StatusChunk.position(of: index)] } ?? false
      try demand(isSet == expected.bits.contains(index), "bit \(index) of \(list), and the log says otherwise")
    case .contract(let id):
      var request = ProtoContractRequest()
      request.contract = id.name
      let (proven, header) = try certified(node.queries.contract(request).message, by: node)
      let bytes = try record(of: id.stateKey, 0, of: proven, header) {
        [UInt8](try ProtoContractAnswer(serializedBytes: proven.payload).record)
      }
      let (contract, expected) = (try bytes.map { try ContractRecord(decoding: $0) }, model.contracts[id]?.value(at: header.header.height))
      try demand(
        contract?.version == expected?.version && contract?.isFrozen == expected?.isFrozen && contract?.sequence == expected?.sequence,
        "contract \(id) with another version than the log leads to")
    case .proposal(let id):
      var request = ProtoProposalRequest()
      request.proposal = Data(id.digest.bytes)
      let (proven, header) = try certified(node.queries.proposal(request).message, by: node)
      let bytes = try record(of: id.stateKey, 0, of: proven, header) {
        [UInt8](try ProtoProposalAnswer(serializedBytes: proven.payload).record)
      }
      let (proposal, expected) = (try bytes.map { try ProposalRecord(decoding: $0) }, model.proposals[id]?.value(at: header.header.height))
      try demand(proposal?.state == expected?.state, "proposal \(id), and the log says otherwise")
    case .transaction(let id):
      var request = ProtoTransactionRequest()
      request.transactionID = Data(id.bytes)
      guard let height = model.transactions[id], node.height >= height else { return }
      let (proven, header) = try certified(node.queries.transaction(request).message, by: node)
      guard let proof = proven.log.first, case .transaction(let bytes) = try header.entry(proof).entry else {
        throw LedgerModel.Problem("it has no log proof")
      }
      try demand(Transaction.id(ofFinalized: bytes) == id, "another transaction than was asked for")
    }
  }

  private func demand(_ condition: Bool, _ problem: @autoclosure () -> String) throws {
    if !condition { throw LedgerModel.Problem(problem()) }
  }

  private func proof(_ position: Int, of proven: ProtoProven) throws -> ProtoStateProof {
    guard proven.state.indices.contains(position) else { throw LedgerModel.Problem("it has too few state proofs") }
    return proven.state[position]
  }

  /// A record that a state proof commits to; `nil` when its absence is proven.
  private func record(
    of key: Digest, _ position: Int, of proven: ProtoProven, _ header: CertifiedHeader, _ bytes: () throws -> [UInt8]
  ) throws -> [UInt8]? {
    guard let value = try header.value(of: key, proof: try proof(position, of: proven)) else { return nil }
    let record = try bytes()
    try demand(try StateValue(decoding: value).recordHash == .sha256(record), "a record that the state does not have")
    return record
  }

  /// An answer under a header that a quorum finalized, and that is the newest which the node has shown to anybody.
  private func certified(_ proven: ProtoProven, by node: Respondent) throws -> (ProtoProven, CertifiedHeader) {
    var client = client(asking: node.queries)
    let header = try client.certify(proven)
    try demand(header.header.height >= node.height, "an answer under an old header")
    return (proven, header)
  }
}

/// Who answers a client.
struct Respondent {
  let queries: QueryService
  /// Of the newest header that it has shown to anybody.
  let height: UInt64
}

/// What clients ask about.
enum Question {
  case identity(CairnDID)
  case isolation(CairnDID)
  case status(StatusListID, UInt32)
  case contract(ContractID)
  case proposal(ProposalID)
  case transaction(Digest)

  /// Of a model's contents, in an order that every run repeats.
  static func drawn(_ model: LedgerModel, _ dice: Dice) -> Question? {
    switch dice.pick(0...5) {
    case 0: pick(model.identities.keys, dice).map { .identity($0) }
    case 1: pick(model.isolations.keys, dice).map { .isolation($0) }
    case 2:
      pick(model.lists.keys, dice).map { list in
        let bits = (model.lists[list]?.newest?.bits ?? []).sorted()
        return .status(list, dice.pick(from: bits) ?? 3)
      }
    case 3: pick(model.contracts.keys, dice).map { .contract($0) }
    case 4: pick(model.proposals.keys, dice).map { .proposal($0) }
    default: pick(model.transactions.keys, dice).map { .transaction($0) }
    }
  }

  private static func pick<Key: CustomStringConvertible>(_ keys: some Collection<Key>, _ dice: Dice) -> Key? {
    dice.pick(from: keys.sorted { $0.description < $1.description })
  }
}
