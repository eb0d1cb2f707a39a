import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite("Answers about contracts")
struct ResolvedContractTests {
  private var world = World()
  private let first: ContractVersion
  private let second: ContractVersion
  private var records: [ContractRecord] = []

  init() throws {
    let store = MemoryLedger()
    world = World(over: store)
    store.store(GenesisBlock(World.genesis).rows)
    first = try Contracts.version()
    func commit(_ operation: LedgerOperation, _ submitter: CairnDID, _ signers: [Int], _ world: inout World) throws -> ContractRecord {
      store.store(try world.commit(world.transaction([operation], by: submitter, signers: signers)))
      return try world.contract()
    }
    records.append(try commit(.deploy(first, network: world.network), World.author, [321], &world))
    second = try Contracts.version(after: records[0], tests: "")
    records.append(try commit(.upgrade(to: second, network: world.network), World.author, [321], &world))
    records.append(try commit(.freeze(Contracts.id, network: world.network), World.guardian, [301], &world))
    world.state.finalize(through: world.state.height)
  }

  private func value(_ key: Digest) throws -> [UInt8] { try #require(world.state.tree[key]) }

  private func answer(_ version: ContractVersion?, earlier: UInt64? = nil, successor: UInt64? = nil) throws -> ProtoContractAnswer {
    var answer = ProtoContractAnswer()
    let newest = records[2]
    answer.record = Data(newest.bytes)
    answer.version = Data(version?.bytes ?? [])
    func proven(_ index: UInt64) throws -> ProtoEarlierVersion {
      try world.state.earlierVersion(index, forKey: Contracts.id.stateKey, of: newest.earlier).message
    }
    if let earlier { answer.earlier = try proven(earlier) }
    if let successor { answer.successor = try proven(successor) }
    return answer
  }

  private func verify(
    _ selector: ContractSelector, _ answer: ProtoContractAnswer, row: UInt64? = nil, known: ContractVersion? = nil,
    id: ContractID = Contracts.id
  ) throws -> ContractOutcome {
    try ResolvedContract.verify(
      id, at: selector, stateValue: value(Contracts.id.stateKey), versionValue: row.map { try value(Contracts.id.versionKey($0)) }, answer,
      known: known)
  }

  @Test("Honest answers are believed") func honest() throws {
    func expect(_ outcome: ContractOutcome, _ record: ContractRecord, _ version: ContractVersion) {
      #expect(outcome == .found(ResolvedContract(record: record, version: version, newest: records[2])))
    }
    expect(try verify(.inForce, answer(second)), records[2], second)
    expect(try verify(.inForce, answer(nil), known: second), records[2], second)
    expect(try verify(.version(1), answer(first), row: 1), records[2], first)
    expect(try verify(.version(2), answer(second), row: 2), records[2], second)
    let times = records.map(\.updatedMilliseconds)
    expect(try verify(.time(milliseconds: times[0]), answer(first, earlier: 0, successor: 1)), records[0], first)
    expect(try verify(.time(milliseconds: times[2] - 1), answer(second, earlier: 1)), records[1], second)
    expect(try verify(.time(milliseconds: times[2]), answer(second)), records[2], second)
    #expect(
      try verify(.time(milliseconds: times[0] - 1), answer(nil, successor: 0)) == .notYetDeployed(milliseconds: times[0]))
  }

  @Test("Anything else is a lie, and has its reason") func lies() throws {
    func expect(
      _ error: ContractAnswerError, _ selector: ContractSelector, _ answer: ProtoContractAnswer, row: UInt64? = nil,
      known: ContractVersion? = nil, id: ContractID = Contracts.id, line: Int = #line
    ) {
      #expect(throws: error, "line \(line)") { try verify(selector, answer, row: row, known: known, id: id) }
    }
    try expect(.versionHash, .inForce, answer(first))
    try expect(.versionHash, .inForce, answer(nil))
    try expect(.versionHash, .inForce, answer(nil), known: first)
    try expect(.wrongVersion, .inForce, answer(second), row: 2)
    try expect(.wrongContract, .inForce, answer(second), id: Contracts.contract("other"))
    try expect(.wrongVersion, .version(1), answer(first))
    try expect(.versionHash, .version(1), answer(second), row: 1)
    try expect(.wrongVersion, .version(1), answer(second), row: 2)
    var old = try answer(second)
    old.record = Data(records[1].bytes)
    expect(.recordHash, .inForce, old)
    let times = records.map(\.updatedMilliseconds)
    try expect(.earlier(.wrongMoment), .time(milliseconds: times[0]), answer(second, earlier: 1))
    try expect(.earlier(.wrongSuccessor), .time(milliseconds: times[1]), answer(first, earlier: 0))
    try expect(.versionHash, .time(milliseconds: times[0]), answer(second, earlier: 0, successor: 1))
    try expect(.versionHash, .time(milliseconds: times[0] - 1), answer(first, successor: 0))
    var forged = try answer(first, earlier: 0, successor: 1)
    forged.earlier.record = Data(records[1].bytes)
    expect(.earlier(.notCommitted), .time(milliseconds: times[0]), forged)
  }

  @Test("A row of another type proves no contract") func wrongType() throws {
    let roles = try value(World.author.rolesKey)
    #expect(throws: ContractAnswerError.wrongType) {
      try ResolvedContract.verify(Contracts.id, at: .inForce, stateValue: roles, versionValue: nil, answer(second))
    }
  }
}
