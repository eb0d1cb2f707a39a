/// A contract as its author writes it.
enum ContractSeeds {
  static let schema = """
    namespace Cairn {
      entity Role enum ["trustee", "issuer"];
      entity Agent in [Role] {
        id: String, keyAgeSeconds: Long, controller?: Agent,
        credentials?: { permissions: Set<String>, issuers: Set<Agent>, remainingSeconds: Long },
      };
      entity Resource { id: String };
      action "change";
      action "use", "read" in ["change"] appliesTo {
        principal: [Agent], resource: [Resource],
        context: { now: datetime, contract: { overdue: Bool }, asserted?: { environment: String, at?: datetime } },
      };
    }
    """

  static let policies = """
    @id("use")
    permit (principal, action in [Cairn::Action::"use"], resource)
    when { principal has credentials && principal.credentials.permissions.contains("use") && resource.id like "staging/*" };
    @id("trustees")
    permit (principal in Cairn::Role::"trustee", action, resource is Cairn::Resource) unless { principal.keyAgeSeconds < 60 };
    @id("late")
    forbid (principal, action in Cairn::Action::"change", resource)
    when { context.now > datetime("2100-01-01") || (context has asserted.at && context.asserted.at.offset(duration("1d")) < context.now) };
    """

  static let tests = #"""
    {"entities": [{"uid": {"type": "Cairn::Agent", "id": "a"}, "attrs": {"id": "a", "keyAgeSeconds": 3}, "parents": []},
      {"uid": {"type": "Cairn::Resource", "id": "r"}, "attrs": {"id": "r"}, "parents": []}],
     "tests": [{"name": "nobody", "principal": "Cairn::Agent::\"a\"", "action": "Cairn::Action::\"use\"",
      "resource": "Cairn::Resource::\"r\"", "context": {"now": "2030-01-01", "contract": {"overdue": false}}, "decision": "deny"}]}
    """#
}
