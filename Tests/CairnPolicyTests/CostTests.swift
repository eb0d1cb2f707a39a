import CairnPolicy
import Testing

@Suite struct CostTests {
  @Test(
    "No request costs more than the bound",
    arguments: PolicyFormatTests.expressions + [
      "principal has manager && principal.manager.scores.containsAll([1, 2, 3])",
      "resource.owner == principal && principal in [Group::\"a\", Group::\"everybody\"]",
      "principal.hasTag(\"team\") && principal.getTag(\"team\") like \"*e*\"",
      "[principal, resource, context, [1, 2], \"abc\"].contains(context)",
      "context == context", "principal is User in Group::\"family\"", "principal has address.city",
    ])
  func bound(condition: String) throws {
    let set = try PolicySet(
      parsing:
        "permit(principal in Group::\"everybody\", action in [Action::\"a\", Action::\"read\"], resource in Album::\"trip\") when { \(condition) };"
    )
    let cost = try set.isAuthorized(Sample.request(), entities: Sample.entities()).cost
    #expect(cost > 0)
    #expect(cost <= set.costBound(.ledger))
  }

  @Test("With types the bound is tighter, and holds") func typed() throws {
    let schema = try Sample.schema()
    var tighter = 0
    for condition in [
      "principal.age > 18 && principal.isActive == true", "resource.owner == principal", "principal.name like \"A*\"",
      "principal.scores.contains(principal.age)", "context.now < datetime(\"2024-01-01\") && context.ip.isInRange(ip(\"10.0.0.0/8\"))",
      "principal has address && principal.address == principal.address", "if principal.isActive then true else principal has manager",
      "principal.hasTag(\"team\") && principal.getTag(\"team\") == \"red\"",
      "[principal.age, 1].contains(2) || {a: principal.quota} == {a: principal.quota}", "principal is Photo && context == context",
      "principal in [Group::\"a\", Group::\"everybody\"]",
    ] {
      let set = try PolicySet(
        parsing: "permit(principal in Group::\"everybody\", action == Action::\"view\", resource) when { \(condition) };")
      let bound = schema.costBound(of: set, .ledger)
      let cost = try set.isAuthorized(Sample.request(), entities: Sample.entities()).cost
      #expect(cost <= bound, "\(condition)")
      if bound < set.costBound(.ledger) { tighter += 1 }
    }
    #expect(tighter >= 5)
  }

  @Test("Nor does the largest request that the limits allow") func largest() throws {
    let limits = PolicyLimits.ledger
    let text = Text(String(repeating: "x", count: limits.entityBytes - 100))
    let value = CedarValue.string(text)
    let attributes = try record(("a", value))
    let long = Text(String(repeating: "p", count: limits.stringBytes))
    let principal = Entity(
      try uid("User", long), attributes: attributes,
      ancestors: try (0..<limits.ancestors).map { try uid("Group", Text("\(long)".dropLast(3) + "\($0)")) }, tags: attributes)
    let request = AuthorizationRequest(
      principal: principal.uid, action: try uid("Action", long), resource: try uid("Photo", long), context: attributes)
    #expect(limits.excess(in: request) == nil)
    #expect(limits.excess(in: principal) == nil)
    let set = try PolicySet(
      parsing: """
        permit(principal, action, resource) when { [context, principal.a, context.a, principal].containsAll([context, context.a]) };
        permit(principal, action, resource) when { context.a like "*y*x*xxy" || principal.a == context.a || principal.hasTag(context.a) };
        permit(principal, action, resource) when { principal in [resource, action, principal] || context == {a: principal.a} };
        """)
    let response = set.isAuthorized(request, entities: Entities([principal]))
    #expect(response.cost <= set.costBound(limits))
    #expect(response.cost > 1000)
  }

  @Test("A bound does not overflow") func saturation() throws {
    let limits = PolicyLimits(
      policyBytes: .max, schemaBytes: .max, policies: .max, depth: .max, nodesPerPolicy: .max, entityBytes: .max, contextBytes: .max,
      setElements: .max, stringBytes: .max, ancestors: .max, level: .max, requestEnvironments: .max)
    let set = try PolicySet(
      parsing: "permit(principal, action, resource) when { [context, context].contains(principal.a) && context.a == [context] };",
      limits: limits)
    #expect(set.costBound(limits) == .max)
  }

  @Test("Requests and entities beyond the limits are told") func excess() throws {
    let limits = PolicyLimits.ledger
    let large = try record(("a", .string(Text(String(repeating: "x", count: limits.contextBytes)))))
    let many = try record(("a", .set(CedarSet((0...Int64(limits.setElements)).map { .long($0) }))))
    let long = try uid("A", Text(String(repeating: "x", count: limits.stringBytes + 1)))
    let short = try uid("A", "a")
    func request(_ context: CedarRecord, _ principal: EntityUID) -> AuthorizationRequest {
      AuthorizationRequest(principal: principal, action: short, resource: short, context: context)
    }
    #expect(limits.excess(in: request(.empty, short)) == nil)
    #expect(limits.excess(in: request(large, short)) != nil)
    #expect(limits.excess(in: request(many, short)) != nil)
    #expect(limits.excess(in: request(.empty, long)) != nil)
    #expect(limits.excess(in: Entity(short, attributes: large)) != nil)
    #expect(limits.excess(in: Entity(short, tags: many)) != nil)
    #expect(try limits.excess(in: Entity(short, ancestors: (0...limits.ancestors).map { try uid("A", Text("\($0)")) })) != nil)
    #expect(try limits.excess(in: request(record(("a", .set(CedarSet([.record(record(("b", .entity(long))))])))), short)) != nil)
  }
}
