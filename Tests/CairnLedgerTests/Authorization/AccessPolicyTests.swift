import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnPolicy
import Testing

/// What policies see, and what their verdict means.
@Suite struct AccessPolicyTests {
  @Test func deniesWhatNoPolicyPermits() throws {
    let world = try AccessWorld()
    let decision = try world.decide(world.request())
    #expect(decision.refusals == [.notPermitted] && decision.policies.isEmpty && decision.isByPolicy)
  }

  @Test func aForbidWins() throws {
    var world = try AccessWorld()
    world.policies += "@id(\"never\") forbid(principal, action, resource) when { resource.id == \"web\" };"
    let decision = try world.decide(world.request(credentials: [world.credential()]))
    #expect(decision.refusals == [.forbidden] && decision.policies == ["never"])
  }

  @Test func aForbidThatFailsDenies() throws {
    var world = try AccessWorld()
    world.policies += "forbid(principal, action, resource) when { principal.keyAgeSeconds + 9223372036854775807 < 0 };"
    world.moment = BlockMoment(height: 9, milliseconds: world.moment.milliseconds + 5_000)
    let decision = try world.decide(world.request(credentials: [world.credential()]))
    #expect(decision.refusals == [.forbidFailed] && decision.failedPolicies == ["policy2"])
    // The language itself would allow: it skips what has no value.
    #expect(decision.policies == ["search"])
  }

  @Test func aPermitThatFailsPermitsNothing() throws {
    var world = try AccessWorld()
    world.policies = "@id(\"odd\") permit(principal, action, resource) when { context.asserted.environment == \"test\" };"
    #expect(try world.decide(world.request()).refusals == [.notPermitted])
    #expect(try world.decide(world.request()).failedPolicies == ["odd"])
    #expect(try world.decide(world.request(asserted: "{\"environment\":\"test\"}")).isAllowed)
  }

  /// The claim says what it wants; only the state and verified credentials count where a policy asks for those.
  @Test func aClaimGrantsNothingThatTheStateDenies() throws {
    var world = try AccessWorld()
    world.schema = AccessWorld.schema(
      asserted: "asserted?: { roles?: Set<String>, permissions?: Set<String>, agent?: Agent, now?: datetime }")
    let request = try world.request(
      asserted: """
        {"roles":["registrar"],"permissions":["tool:search"],"now":"2030-01-01",
         "agent":{"type":"Cairn::Agent","id":"\(World.registrar)"}}
        """)
    #expect(try world.decide(request).refusals == [.notPermitted])
    world.policies = "permit(principal, action, resource) when { principal in Cairn::Role::\"registrar\" };"
    #expect(try world.decide(request).refusals == [.notPermitted])
    // Not even whom the claim names is known by it.
    world.policies = "permit(principal, action, resource) when { context.asserted.agent in Cairn::Role::\"registrar\" };"
    #expect(try world.decide(request).refusals == [.notPermitted])
  }

  @Test func rolesKeysAndTimesAreThoseOfTheState() throws {
    var world = try AccessWorld()
    let operation = try LedgerOperation.rotate(
      world.agent, after: world.world.head(world.agent), control: world.world.control(22), network: world.world.network)
    try world.world.commit(world.world.transaction([operation], signers: [1, 21, 22]))
    let rotated = world.world.state.timeMilliseconds
    world.moment = BlockMoment(height: world.world.state.height, milliseconds: rotated + 7_999)
    world.policies = """
      permit(principal, action, resource) when {
        principal.id == "\(world.agent)" && principal.keyAgeSeconds == 7 && principal.ageSeconds > 7 && !(principal has controller) &&
        !principal.isolated && !principal.deactivated && !(principal has credentials) &&
        context.height == \(world.moment.height) && context.now == datetime("1970-01-01").offset(duration("\(rotated + 7_999)ms")) &&
        context.contract.id == "tools" && context.contract.version == 3 && resource.id == "web"
      };
      """
    #expect(try world.decide(world.request()).isAllowed)
    world.policies = "permit(principal in Cairn::Role::\"issuer\", action, resource);"
    #expect(try world.decide(world.request()).refusals == [.notPermitted])
    #expect(try world.decide(world.request(by: World.registrar)).isAllowed)
    #expect(try world.decide(world.request(by: World.trustee)).refusals == [.notPermitted])
  }

  @Test func aControllerIsSeenOneLevelUp() throws {
    var world = try AccessWorld()
    let controlled = try world.world.enroll(31, controller: World.trustee)
    world.policies = """
      permit(principal, action, resource) when {
        principal has controller && principal.controller == Cairn::Agent::"\(World.trustee)" &&
        principal.controller in Cairn::Role::"trustee" && !(principal.controller in Cairn::Role::"issuer") &&
        !principal.controller.isolated && !(principal.controller has credentials)
      };
      """
    #expect(try world.decide(world.request(by: controlled)).isAllowed)
    #expect(try world.decide(world.request()).refusals == [.notPermitted])
    world.isolated = [World.trustee]
    #expect(try world.decide(world.request(by: controlled)).refusals == [.notPermitted])
  }

  @Test func severalCredentialsAreSeenTogetherAndRestrictTogether() throws {
    var world = try AccessWorld()
    let start = world.now
    world.moment = BlockMoment(height: 9, milliseconds: world.moment.milliseconds + 120_000)
    let credentials = [
      try world.credential(permissions: ["a", "b"], role: "reader", depth: 2, from: start),
      try world.credential(permissions: ["b", "c"], role: "writer", from: world.now, lifetime: .milliseconds(600_000)),
    ]
    world.policies = """
      permit(principal, action, resource) when {
        principal has credentials && principal.credentials.count == 2 && principal.credentials.roles == ["reader", "writer"] &&
        principal.credentials.permissions == ["a", "b", "c"] && principal.credentials.ageSeconds == 120 &&
        principal.credentials.remainingSeconds == 600 && principal.credentials.delegationDepth == 2 &&
        [Cairn::Agent::"\(World.registrar)"].containsAll(principal.credentials.issuers)
      };
      """
    #expect(try world.decide(world.request(credentials: credentials)).isAllowed)
    #expect(try world.decide(world.request(credentials: [credentials[0]])).refusals == [.notPermitted])
  }

  /// A contract gets what its schema declares, and nothing else.
  @Test func aSmallSchemaIsEnough() throws {
    var world = try AccessWorld()
    world.schema = """
      namespace Cairn {
        entity Agent;
        entity Resource;
        action "go" appliesTo { principal: Agent, resource: Resource, context: {} };
      }
      """
    world.policies = "permit(principal, action == Cairn::Action::\"go\", resource);"
    #expect(try world.decide(world.request("go", credentials: [world.credential()])).isAllowed)
    #expect(try world.reasons(world.request("go", asserted: "{}")) == ["schema_mismatch"])
  }

  @Test(arguments: [
    ("entity Agent = { age: Long }; entity Resource;", "age"),
    ("entity Agent = { keyAgeSeconds: String }; entity Resource;", "keyAgeSeconds"),
    ("entity Agent = { controller: Agent }; entity Resource;", "controller"),
    ("entity Agent; entity Resource = { owner: Agent };", "owner"),
    ("entity Agent tags String; entity Resource;", "tags"),
    ("entity Agent = { credentials?: { roles: Set<Long> } }; entity Resource;", "roles"),
    ("entity Agent; entity Other;", "Resource"),
  ])
  func aSchemaThatAsksForMoreHasAFault(declarations: String, name: String) throws {
    let schema = try Schema(
      parsing: """
        namespace Cairn { \(declarations)
          action "go" appliesTo { principal: Agent, resource: \(declarations.contains("Resource") ? "Resource" : "Other") };
        }
        """)
    #expect(EntityModel.fault(in: schema)?.contains(name) == true)
  }

  @Test func aSchemaWithinTheModelHasNoFault() throws {
    #expect(EntityModel.fault(in: try Schema(parsing: EntityModel.schemaText)) == nil)
    #expect(EntityModel.fault(in: try Schema(parsing: AccessWorld.schema())) == nil)
    let foreign = try Schema(parsing: "entity Agent; action \"go\" appliesTo { principal: Agent, resource: Agent };")
    #expect(EntityModel.fault(in: foreign) != nil)
  }

  @Test func anUncheckedSchemaThatAsksForMoreDenies() throws {
    var world = try AccessWorld()
    world.schema = """
      namespace Cairn {
        entity Agent = { clearance: Long };
        entity Resource;
        action "go" appliesTo { principal: Agent, resource: Resource, context: {} };
      }
      """
    world.policies = "permit(principal, action, resource);"
    #expect(try world.reasons(world.request("go")) == ["schema_mismatch"])
  }

  /// More than a contract can be deployed with.
  @Test func deniesWhatCostsTooMuch() throws {
    var world = try AccessWorld()
    let number = (0..<250).map(String.init).joined(separator: ",")
    world.policies = (0..<200).map { "permit(principal, action, resource) when { [\(number)] == [\(number)] && \($0) == 1 };" }.joined()
    #expect(try world.reasons(world.request()) == ["too_costly"])
  }
}
