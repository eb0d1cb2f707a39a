import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf

// A contract, and how an honest node answers by it.
extension TestChain {
  static let tools = "tools"

  /// Puts a contract, or its next version, on the ledger.
  mutating func deploy(_ policies: String, schema: String = toolsSchema) throws {
    guard let id = ContractID(Self.tools) else { preconditionFailure("a name of a contract") }
    let current = try newest.state.contract(id)
    let version = try ContractVersion(
      id: id, version: (current?.version ?? 0) + 1, previous: current?.hash, policies: Array(policies.utf8), schema: Array(schema.utf8),
      owners: [author.did], network: network)
    let operation: LedgerOperation =
      try current == nil ? .deploy(version, network: network) : .upgrade(to: version, network: network)
    let unsigned = UnsignedTransaction(
      network: network, submitter: author.did, notAfterHeight: newest.header.height + 100,
      nonce: [UInt8](repeating: UInt8(truncatingIfNeeded: blocks.count), count: 16), operations: [operation])
    try append([unsigned.signed(by: author.keys)])
  }

  static let toolsSchema = """
    namespace Cairn {
      entity Agent = { credentials?: { permissions: Set<String> }, controller?: Agent };
      entity Resource = { id: String };
      action "use" appliesTo { principal: Agent, resource: Resource, context: { asserted?: { environment: String } } };
    }
    """

  static let toolsPolicies = """
    @id("use") permit(principal, action == Cairn::Action::"use", resource)
    when { principal has credentials && principal.credentials.permissions.contains("tool:deploy") };
    """

  /// - Parameter height: of the block whose state decides; `nil` for the newest.
  func authorization(_ message: ProtoAuthorizeRequest, at height: Int? = nil) throws -> ProtoProven {
    let block = height.map { blocks[$0] } ?? newest
    var proven = try proven(message.known, at: height)
    guard case .request(let bytes) = message.about else {
      guard case .recorded(let id) = message.about, let id = Digest(id) else { return proven }
      let key = RecordedAccess.stateKey(id)
      proven.state = [block.state.tree.proof(for: key).message]
      proven.payload = Data(try block.state.record(forKey: key) ?? [])
      return proven
    }
    let signature = message.hasSignature ? KeySignature(message.signature) : nil
    var judge = AccessJudge(
      try AccessRequest(decoding: [UInt8](bytes)), signature.map { .claimed($0) } ?? .none, over: AccessReader(ProvingRows(block.state)),
      network: network, at: BlockMoment(height: block.header.height, milliseconds: block.header.timeMilliseconds))
    var answer = ProtoAuthorizeAnswer()
    answer.decision = try judge.decide().message
    let rows = judge.state.rows
    answer.records = rows.records.map { Data($0) }
    answer.contract = Data(try rows.contract(unless: Digest(message.knownContract)))
    proven.state = rows.proofs.map(\.message)
    proven.payload = try answer.serializedData()
    return proven
  }
}
