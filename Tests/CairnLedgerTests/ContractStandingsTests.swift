import CairnCrypto
import CairnIdentity
import Testing

@testable import CairnLedger

@Suite("How contracts stand") struct ContractStandingsTests {
  private static let month = ContractRecord.auditIntervalMilliseconds

  private var world = World()
  private var standings: ContractStandings

  init() throws { standings = try ContractStandings(of: world.state) }

  /// A block, so long after the one before.
  private mutating func block(_ operations: [LedgerOperation], by submitter: CairnDID, signers: [Int], after milliseconds: UInt64 = 1_000)
    throws -> [String]
  {
    var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + milliseconds)
    if !operations.isEmpty {
      try execution.apply(
        world.transaction(operations, by: submitter, signers: signers, notAfter: world.height + 5, nonce: Int(world.height)))
    }
    let block = execution.finish()
    world.state = try block.sealed(with: world.header(of: block))
    let overdue = try standings.follow(block.rows, height: world.state.height, timeMilliseconds: world.state.timeMilliseconds)
    // What is followed is what is there.
    let again = try ContractStandings(of: world.state)
    #expect(again.count == standings.count && again.frozen == standings.frozen && again.overdue == standings.overdue)
    return overdue.map(\.name)
  }

  private mutating func wait(_ milliseconds: UInt64) throws -> [String] {
    try block([], by: World.author, signers: [321], after: milliseconds)
  }

  private mutating func deploy(_ name: String) throws {
    let version = try Contracts.version(Contracts.contract(name), tests: "")
    #expect(try block([.deploy(version, network: world.network)], by: World.author, signers: [321]) == [])
  }

  @Test("An audit is overdue from the first block after its date, and until an auditor attests") mutating func overdue() throws {
    try deploy("b")
    let due = try world.contract(Contracts.contract("b")).auditDueMilliseconds
    #expect(due == world.state.timeMilliseconds + Self.month)
    try deploy("a")
    #expect(standings.count == 2)
    #expect(try wait(due - world.state.timeMilliseconds) == [])
    #expect(standings.overdueCount == 0)
    #expect(try wait(1) == ["b"])
    #expect(try wait(1_000_000) == ["a"])
    #expect(standings.overdue.map(\.name) == ["a", "b"])
    #expect(try wait(1) == [])
    let b = Contracts.contract("b")
    let attest = try LedgerOperation.attest(b, hash: world.contract(b).hash, network: world.network)
    #expect(try block([attest], by: World.author, signers: [321]) == [])
    #expect(standings.overdue.map(\.name) == ["a"])
    #expect(try wait(Self.month + 1) == ["b"])
  }

  @Test("A freeze moves no date, an upgrade does, and what is retired is not overdue") mutating func operations() throws {
    try deploy("a")
    try deploy("b")
    let (a, b) = (Contracts.contract("a"), Contracts.contract("b"))
    #expect(try block([.freeze(a, network: world.network)], by: World.guardian, signers: [301]) == [])
    #expect(standings.frozen == [a] && standings.frozenCount == 1)
    let upgrade = try LedgerOperation.upgrade(
      to: Contracts.version(b, after: world.contract(b), tests: ""), network: world.network)
    #expect(try block([upgrade], by: World.author, signers: [321], after: 5_000) == [])
    #expect(try wait(Self.month - 4_000) == ["a"])
    #expect(try wait(4_001) == ["b"])
    #expect(try block([.retire(a, network: world.network)], by: World.author, signers: [321]) == [])
    #expect(standings.overdue == [b] && standings.frozen == [] && standings.count == 1)
  }

  @Test("An attestation in the block that would make it overdue comes in time") mutating func inTime() throws {
    try deploy("a")
    let a = Contracts.contract("a")
    let attest = try LedgerOperation.attest(a, hash: world.contract(a).hash, network: world.network)
    #expect(try block([attest], by: World.author, signers: [321], after: 2 * Self.month) == [])
    #expect(standings.overdueCount == 0)
  }
}
