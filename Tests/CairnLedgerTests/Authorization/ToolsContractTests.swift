import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation
import Testing

/// The worked example, as it is in the repository: its own tests, and the cases that only a ledger has.
@Suite struct ToolsContractTests {
  private static func file(_ name: String) throws -> [UInt8] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return [UInt8](try Data(contentsOf: root.appendingPathComponent("genesis/contracts/tools/\(name)")))
  }

  private static func version() throws -> ContractVersion {
    try ContractVersion(
      id: AccessWorld.contractID, policies: file("policies.cedar"), schema: file("schema.cedarschema"), tests: file("tests.json"),
      owners: [World.author], network: World.network)
  }

  /// A world with the example in the place of the contract.
  private static func world() throws -> AccessWorld {
    var world = try AccessWorld()
    world.policies = String(decoding: try file("policies.cedar"), as: UTF8.self)
    world.schema = String(decoding: try file("schema.cedarschema"), as: UTF8.self)
    return world
  }

  private static let staging = "{\"environment\":\"staging\"}"
  private static let production = "{\"environment\":\"production\"}"

  @Test func mayBeDeployedAndPassesItsTests() throws {
    let compiled = try CompiledContract.checked(Self.version())
    #expect(EntityModel.fault(in: compiled.schema) == nil)
    #expect(try compiled.tests(Self.file("tests.json")).count == 16)
    var world = try AccessWorld()
    try world.world.commit(world.world.transaction([.deploy(Self.version(), network: World.network)], by: World.author, signers: [321]))
    #expect(try world.world.state.contract(AccessWorld.contractID)?.version == 1)
  }

  @Test func aDeployerChangesWhatIsStaged() throws {
    let world = try Self.world()
    let card = try world.credential(permissions: ["tool:change"], role: "deployer")
    func decide(_ resource: String, _ credentials: [[UInt8]], _ asserted: String = Self.staging) throws -> AccessDecision {
      try world.decide(world.request("tool:deploy", on: resource, asserted: asserted, credentials: credentials))
    }
    #expect(try decide("staging/shop", [card]).policies == ["change-staging"])
    #expect(try decide("staging/shop", []).refusals == [.notPermitted])
    #expect(try decide("staging/shop", [card], Self.production).policies == ["environment"])
    #expect(try decide("production/shop", [card], Self.production).refusals == [.notPermitted])
    #expect(try decide("staging/shop", [card], "").refusals == [.forbidden])
  }

  @Test func delegationIsLimited() throws {
    let world = try Self.world()
    for (depth, allowed) in [(Int64(3), true), (4, false)] {
      let card = try world.credential(permissions: ["tool:change"], role: "deployer", depth: depth)
      let decision = try world.decide(
        world.request("tool:deploy", on: "staging/shop", asserted: Self.staging, credentials: [card]))
      #expect(decision.isAllowed == allowed && decision.policies == [allowed ? "change-staging" : "deep-delegation"])
    }
  }

  @Test func productionTakesFreshCredentialsAndStandingKeys() throws {
    var world = try Self.world()
    let start = world.moment.milliseconds
    func decide(agedBy age: Int64, depth: Int64 = 0) throws -> Bool {
      let card = try world.credential(
        permissions: ["tool:change"], role: "release-manager", depth: depth, from: world.now.adding(milliseconds: -age))
      return try world.decide(
        world.request("tool:deploy", on: "production/shop", asserted: Self.production, credentials: [card])
      ).isAllowed
    }
    // The keys were set when the agent was enrolled, before the block that ``start`` is the time of.
    let enrolled = try world.world.record(world.agent).keysChangedMilliseconds
    world.moment = BlockMoment(height: 99, milliseconds: enrolled + 3_600_000 - 1)
    #expect(try !decide(agedBy: 0))
    world.moment = BlockMoment(height: 99, milliseconds: enrolled + 3_600_000)
    #expect(start >= enrolled)
    #expect(try decide(agedBy: 0))
    #expect(try decide(agedBy: 900_999))
    #expect(try !decide(agedBy: 901_000))
    #expect(try decide(agedBy: 0, depth: 1))
    #expect(try !decide(agedBy: 0, depth: 2))
  }

  @Test func whoGovernsDoesNotChangeTools() throws {
    let world = try Self.world()
    let card = try world.credential(subject: World.trustee, permissions: ["tool:change", "tool:observe"], role: "deployer")
    func decide(_ action: String) throws -> AccessDecision {
      try world.decide(world.request(action, on: "staging/shop", by: World.trustee, asserted: Self.staging, credentials: [card]))
    }
    #expect(try decide("tool:deploy").policies == ["separation-of-duties"])
    #expect(try decide("tool:read").policies == ["observe"])
  }

  @Test func withoutAnAuditNothingIsChanged() throws {
    var world = try Self.world()
    world.isOverdue = true
    let card = try world.credential(permissions: ["tool:change", "tool:observe"], role: "deployer")
    #expect(
      try world.decide(world.request("tool:write", on: "staging/shop", asserted: Self.staging, credentials: [card])).policies == ["audit"])
    #expect(try world.decide(world.request("tool:read", on: "staging/shop", credentials: [card])).isAllowed)
  }
}
