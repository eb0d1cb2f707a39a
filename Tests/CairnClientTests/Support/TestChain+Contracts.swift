import CairnChain
import CairnClient
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf

// How an honest node answers about contracts and governance.
extension TestChain {
  static let toolsID: ContractID = {
    guard let id = ContractID(tools) else { preconditionFailure("a name of a contract") }
    return id
  }()

  /// A block with one operation by an operator, who has all roles but the registrar's.
  mutating func append(_ operation: LedgerOperation, by signatory: Signatory, laterMilliseconds: UInt64 = blockMilliseconds) throws {
    let unsigned = UnsignedTransaction(
      network: network, submitter: signatory.did, notAfterHeight: newest.header.height + 100,
      nonce: [UInt8](repeating: UInt8(truncatingIfNeeded: blocks.count), count: 16), operations: [operation])
    try append([unsigned.signed(by: signatory.keys)], laterMilliseconds: laterMilliseconds)
  }

  /// The operator of this number.
  func operatorSignatory(_ index: Int) -> Signatory { Signatory(genesis.dids[index], keys: [Self.key("operator \(index)")]) }

  func contract(_ request: ProtoContractRequest, at height: Int? = nil) throws -> ProtoProven? {
    guard let id = ContractID(request.contract) else { return nil }
    let state = (height.map { blocks[$0] } ?? newest).state
    var proven = try proven(request.known, at: height)
    proven.state = [state.tree.proof(for: id.stateKey).message]
    guard let record = try state.contract(id) else { return proven }
    var answer = ProtoContractAnswer()
    answer.record = Data(record.bytes)
    var number: UInt64? = record.version
    switch request.which {
    case nil: break
    case .version(let wanted):
      guard (1...record.version).contains(wanted) else { return nil }
      number = wanted
      proven.state.append(state.tree.proof(for: id.versionKey(wanted)).message)
    case .atMs(let time): number = try fill(&answer, at: time, record, state)
    }
    if let number, let version = try state.contractVersion(number, of: id), Digest(request.have) != version.hash {
      answer.version = Data(version.bytes)
    }
    proven.payload = try answer.serializedData()
    return proven
  }

  /// - Returns: the version in force then; `nil` when there was none.
  private func fill(
    _ answer: inout ProtoContractAnswer, at time: UInt64, _ newest: ContractRecord, _ state: LedgerState
  ) throws -> UInt64? {
    guard newest.updatedMilliseconds > time else { return newest.version }
    let records = try (0..<newest.sequence).map { try state.earlierVersion($0, forKey: newest.id.stateKey, of: newest.earlier) }
    let held = try records.last { try ContractRecord(decoding: $0.record).updatedMilliseconds <= time }
    if let held { answer.earlier = held.message }
    let next = held.map { Int($0.index) + 1 } ?? 0
    if next < records.count { answer.successor = records[next].message }
    return try held.map { try ContractRecord(decoding: $0.record).version }
  }

  func proposal(_ request: ProtoProposalRequest, at height: Int? = nil) throws -> ProtoProven? {
    guard let id = ProposalID(request.proposal) else { return nil }
    let state = (height.map { blocks[$0] } ?? newest).state
    var proven = try proven(request.known, at: height)
    proven.state = [state.tree.proof(for: id.stateKey).message]
    guard let record = try state.record(forKey: id.stateKey) else { return proven }
    var answer = ProtoProposalAnswer()
    answer.record = Data(record)
    proven.payload = try answer.serializedData()
    return proven
  }

  func proposals(_ request: ProtoProposalsRequest, at height: Int? = nil) throws -> ProtoProven {
    let state = (height.map { blocks[$0] } ?? newest).state
    var proven = try proven(request.known, at: height)
    proven.state = ProvenGovernance.stateKeys.map { state.tree.proof(for: $0).message }
    let records = try ProvenGovernance.stateKeys.map { Data(try state.record(forKey: $0) ?? []) }
    var answer = ProtoProposalsAnswer()
    (answer.governance, answer.parameters, answer.constitution) = (records[0], records[1], records[2])
    proven.payload = try answer.serializedData()
    return proven
  }
}
