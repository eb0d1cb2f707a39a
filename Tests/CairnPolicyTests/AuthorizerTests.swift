import CairnPolicy
import Testing

@Suite struct AuthorizerTests {
  private func respond(_ text: String, _ request: AuthorizationRequest? = nil) throws -> AuthorizationResponse {
    try PolicySet(parsing: text).isAuthorized(request ?? Sample.request(), entities: Sample.entities())
  }

  @Test("What nothing permits is denied") func defaultDeny() throws {
    #expect(try respond("").decision == .deny)
    #expect(try respond("permit(principal, action, resource) when { false };").reasons.isEmpty)
  }

  @Test("A satisfied forbid wins, and is the reason") func forbidWins() throws {
    let response = try respond(
      "permit(principal, action, resource); forbid(principal, action, resource); forbid(principal, action, resource) when { false };")
    #expect(response.decision == .deny)
    #expect(response.reasons == ["policy1"])
  }

  @Test("All satisfied permits are the reasons") func permits() throws {
    let response = try respond(
      "permit(principal, action, resource); permit(principal, action, resource) unless { true }; permit(principal, action, resource);")
    #expect(response.decision == .allow)
    #expect(response.reasons == ["policy0", "policy2"])
  }

  @Test("An erring policy is skipped and listed") func errors() throws {
    let response = try respond(
      """
      permit(principal, action, resource);
      forbid(principal, action, resource) when { principal.missing };
      permit(principal, action, resource) when { 1 };
      forbid(principal, action, resource) unless { 1 + true == 2 };
      forbid(principal == User::"bob", action, resource) when { principal.missing };
      forbid(principal, action, resource) when { false } when { principal.missing };
      """)
    #expect(response.decision == .allow)
    #expect(response.failures.map(\.id) == ["policy1", "policy2", "policy3"])
    #expect(response.failures.map(\.error.reason) == ["policy_no_such_attribute", "policy_wrong_type", "policy_wrong_type"])
    #expect(response.hasFailedForbid)
    #expect(try !respond("permit(principal, action, resource) when { 1 };").hasFailedForbid)
  }

  @Test(
    "The scope",
    arguments: [
      ("principal == User::\"alice\", action, resource", true), ("principal == User::\"bob\", action, resource", false),
      ("principal in Group::\"family\", action, resource", true), ("principal in User::\"alice\", action, resource", true),
      ("principal in Group::\"none\", action, resource", false), ("principal is User, action, resource", true),
      ("principal is Group, action, resource", false), ("principal is User in Group::\"everybody\", action, resource", true),
      ("principal is Group in Group::\"everybody\", action, resource", false), ("principal, action == Action::\"view\", resource", true),
      ("principal, action == Action::\"edit\", resource", false), ("principal, action in Action::\"read\", resource", true),
      ("principal, action in [Action::\"edit\", Action::\"read\"], resource", true), ("principal, action in [], resource", false),
      ("principal, action, resource in Album::\"trip\"", true), ("principal, action, resource is Photo", true),
      ("principal, action, resource == Photo::\"other\"", false),
    ])
  func scope(text: String, isAllowed: Bool) throws {
    #expect(try respond("permit(\(text));").decision == (isAllowed ? .allow : .deny))
  }

  @Test("A template decides nothing until it is linked") func templates() throws {
    var set = try PolicySet(parsing: "permit(principal in ?principal, action, resource == ?resource);")
    let request = try Sample.request()
    let entities = try Sample.entities()
    #expect(set.isAuthorized(request, entities: entities).decision == .deny)
    try set.link(
      template: "policy0", as: "link", values: [.principal: uid("Group", "family"), .resource: uid("Photo", "beach")])
    let response = set.isAuthorized(request, entities: entities)
    #expect(response.decision == .allow)
    #expect(response.reasons == ["link"])
    #expect(try set.isAuthorized(Sample.request("bob"), entities: entities).decision == .deny)
  }

  @Test("Links fit their template and have ids of their own") func links() throws {
    var set = try PolicySet(parsing: "permit(principal == ?principal, action, resource); permit(principal, action, resource);")
    let alice = try uid("User", "alice")
    #expect(throws: PolicySetError.noSuchTemplate("policy1")) { try set.link(template: "policy1", as: "x", values: [:]) }
    #expect(throws: PolicySetError.wrongSlots(template: "policy0", .principal)) { try set.link(template: "policy0", as: "x", values: [:]) }
    #expect(throws: PolicySetError.wrongSlots(template: "policy0", .resource)) {
      try set.link(template: "policy0", as: "x", values: [.principal: alice, .resource: alice])
    }
    #expect(throws: PolicySetError.duplicateID("policy1")) {
      try set.link(template: "policy0", as: "policy1", values: [.principal: alice])
    }
    #expect(throws: PolicySetError.duplicateID("policy0")) {
      try set.add(try Policy(parsing: "permit(principal, action, resource);", id: "policy0"))
    }
  }

  @Test("A store answers lazily and can note what was asked") func store() throws {
    final class Recorder: EntityStore {
      let entities: Entities
      var asked: [EntityUID] = []

      init(_ entities: Entities) { self.entities = entities }

      func entity(_ uid: EntityUID) -> Entity? {
        asked.append(uid)
        return entities.entity(uid)
      }
    }
    let recorder = Recorder(try Sample.entities())
    let set = try PolicySet(parsing: "permit(principal, action, resource) when { principal.manager.name == \"Bob\" };")
    #expect(set.isAuthorized(try Sample.request(), entities: recorder).decision == .allow)
    #expect(try recorder.asked == [uid("User", "alice"), uid("User", "bob")])
  }

  @Test("With a level, only what can be reached is loaded, and the decision is the same") func slice() throws {
    let entities = try Sample.entities()
    let request = try Sample.request()
    let set = try PolicySet(parsing: "permit(principal, action in Action::\"read\", resource) when { resource.owner has manager };")
    #expect(try Sample.schema().validate(set, level: 2).isValid)
    var loaded: [EntityUID] = []
    let response = set.isAuthorized(request, level: 2) { uid in
      loaded.append(uid)
      return entities.entity(uid)
    }
    #expect(response == set.isAuthorized(request, entities: entities))
    #expect(response.decision == .allow)
    #expect(
      try loaded == [uid("Action", "view"), uid("Photo", "beach"), uid("User", "alice"), uid("User", "bob")])
    #expect(Entities(within: 1, of: request) { entities.entity($0) }.count == 3)
    #expect(Entities(within: 0, of: request) { entities.entity($0) }.count == 0)
  }

  @Test("Dropped and changed forbids are found, moved and reworded ones are not") func forbids() throws {
    let old = try PolicySet(
      parsing: """
        forbid(principal, action, resource) when { context.a };
        @id("x") forbid(principal == User::"a", action, resource);
        permit(principal, action, resource);
        forbid(principal == ?principal, action, resource);
        """)
    let moved = try PolicySet(
      parsing: """
        forbid(principal == ?principal, action, resource);
        forbid ( principal==User::"a", action, resource ) ; // the same
        forbid(principal, action, resource) when { (context["a"]) };
        """)
    #expect(old.forbids.count == 3)
    #expect(old.forbids(missingFrom: moved).isEmpty)
    let changed = try PolicySet(
      parsing: """
        forbid(principal, action, resource) when { context.a && context.b };
        forbid(principal == User::"a", action, resource);
        """)
    #expect(Set(old.forbids(missingFrom: changed).map(\.id)) == ["policy0", "policy3"])
    let twice = try PolicySet(parsing: "forbid(principal, action, resource); forbid(principal, action, resource);")
    let once = try PolicySet(parsing: "forbid(principal, action, resource);")
    #expect(twice.forbids(missingFrom: once).count == 1)
  }
}
