import Foundation
import Testing

/// The life of a contract, and what trustees decide about it, as their commands play it.
@Suite("Contracts and governance on the command line", .serialized, .timeLimit(.minutes(5)))
struct ContractCommandTests {
  private struct Change: Decodable {
    let contract: String
    let version: UInt64?
    let hash: String?
  }

  private struct Contract: Decodable {
    let state: String
    let version: UInt64
    let newestVersion: UInt64
    let hash: String
    let previous: String?
    let owners: [String]
    let threshold: UInt32
    let attestedMs: UInt64?
    let auditOverdue: Bool
    let policies: String
  }

  private struct Proposal: Decodable {
    struct Approval: Decodable { let by: String }
    let id: String
    let state: String
    let kind: String
    let change: String
    let threshold: UInt32
    let approvals: [Approval]
    let missing: [String]
  }

  private struct Proposals: Decodable {
    let threshold: UInt32
    let trustees: [String]
    let proposals: [Proposal]
  }

  private struct Governance: Decodable {
    let threshold: UInt32
    let open: [String]
    let parameters: [String: UInt32]
  }

  private struct Status: Decodable {
    let contracts: UInt64
    let frozen: UInt64
    let frozenContracts: [String]
    let auditOverdue: UInt64
    let openProposals: UInt64
  }

  private static let schema = """
    namespace Cairn {
      entity Agent { keyAgeSeconds: Long }; entity Resource;
      action use appliesTo { principal: Agent, resource: Resource };
    }
    """
  private static let guarded = """
    permit (principal, action, resource);
    @id("young") forbid (principal, action, resource) unless { principal.keyAgeSeconds > 1 };
    """

  /// Runs commands against a network.
  private struct Session {
    let workspace: Workspace
    let ready: Devnet.Ready

    /// The wallet of an operator, who has all roles.
    func wallet(_ index: Int) -> String { index == 0 ? ready.registrar : "\(ready.nodes[index].directory)/operator.keys" }

    func write(_ policies: String, to folder: String) throws {
      try FileManager.default.createDirectory(atPath: workspace.path(folder), withIntermediateDirectories: true)
      try workspace.write(policies, to: "\(folder)/policies.cedar")
      try workspace.write(ContractCommandTests.schema, to: "\(folder)/schema.cedarschema")
    }

    func run(_ arguments: String..., location: SourceLocation = #_sourceLocation) async throws -> CommandLineTool.Result {
      let result = try await workspace.cairn(arguments + ["--json"], environment: ready.environment)
      #expect(result.status == 0, "\(arguments.prefix(3)) \(result.output) \(result.errors)", sourceLocation: location)
      return result
    }

    /// - Returns: the reason.
    func refused(_ arguments: String..., location: SourceLocation = #_sourceLocation) async throws -> String {
      let result = try await workspace.cairn(arguments + ["--json"], environment: ready.environment)
      #expect(result.status == 1, "\(arguments.prefix(3)) \(result.output)", sourceLocation: location)
      return try result.failure().error
    }

    func shown(_ arguments: String...) async throws -> Contract {
      try await workspace.cairn(["policy", "show", "tools", "--json"] + arguments, environment: ready.environment).json(Contract.self)
    }

    /// What a node says, once it has what was final before.
    func status() async throws -> Status {
      let admin = try #require(ready.nodes.first?.admin)
      return try await workspace.cairn("node", "status", "--admin", admin, "--json").json(Status.self)
    }
  }

  @Test("Deployed, upgraded, frozen, let go on, attested and retired; trustees freeze it by a proposal") func life() async throws {
    let workspace = try Workspace()
    try await Devnet.run(workspace) { ready in
      let session = Session(workspace: workspace, ready: ready)
      try await change(session)
      try await govern(session)
      #expect(try await session.refused("policy", "retire", session.wallet(2), "tools") == "owners_threshold_not_met")
      _ = try await session.run("policy", "retire", session.wallet(0), "tools")
      #expect(try await session.shown().state == "retired")
      #expect(try await session.refused("policy", "freeze", session.wallet(1), "tools") == "contract_retired")
    }
  }

  private func change(_ session: Session) async throws {
    try session.write(Self.guarded, to: "first")
    try session.write(Self.guarded + "\npermit (principal, action, resource) when { principal.keyAgeSeconds > 9 };", to: "second")
    try session.write("permit (principal, action, resource);", to: "third")
    let deployed = try await session.run("policy", "deploy", session.wallet(0), "tools", "first/").json(Change.self)
    #expect(deployed.contract == "tools" && deployed.version == 1)
    #expect(try await session.refused("policy", "deploy", session.wallet(0), "tools", "first") == "contract_exists")
    #expect(try await session.refused("policy", "upgrade", session.wallet(1), "tools", "second") == "owners_threshold_not_met")
    let upgraded = try await session.run("policy", "upgrade", session.wallet(0), "tools", "second").json(Change.self)
    #expect(upgraded.version == 2)
    #expect(try await session.refused("policy", "upgrade", session.wallet(0), "tools", "third") == "guardian_needed")
    let weaker = try await session.run(
      "policy", "upgrade", session.wallet(0), "tools", "third", "--guardian", session.wallet(1)
    ).json(Change.self)
    let shown = try await session.shown()
    #expect(shown.version == 3 && shown.hash == weaker.hash && shown.previous == upgraded.hash && shown.state == "in force")
    #expect(shown.threshold == 1 && shown.owners.count == 1 && !shown.auditOverdue)
    let first = try await session.shown("--version", "1")
    #expect(first.policies == Self.guarded && first.hash == deployed.hash && first.newestVersion == 3)
    #expect(try await session.refused("policy", "show", "tools", "--version", "4") == "unknown_version")
    #expect(try await session.refused("policy", "show", "other") == "unknown_contract")

    _ = try await session.run("policy", "freeze", session.wallet(1), "tools")
    #expect(try await session.refused("policy", "freeze", session.wallet(2), "tools") == "contract_frozen")
    #expect(try await session.shown().state == "frozen")
    #expect(try await session.refused("policy", "unfreeze", session.wallet(1), "tools", session.wallet(1)) == "same_guardian")
    let other = try #require(deployed.hash)
    let hash = try #require(weaker.hash)
    let mismatch = try await session.refused("policy", "unfreeze", session.wallet(1), "tools", session.wallet(2), "--hash", other)
    #expect(mismatch == "contract_hash_mismatch")
    _ = try await session.run("policy", "unfreeze", session.wallet(1), "tools", session.wallet(2), "--hash", hash)
    #expect(try await session.shown().state == "in force")

    #expect(try await session.refused("policy", "attest", session.wallet(2), "tools", "--hash", other) == "contract_stale")
    _ = try await session.run("policy", "attest", session.wallet(2), "tools", "--hash", hash, "--statement", "read")
    #expect(try await session.shown().attestedMs != nil)
  }

  private func govern(_ session: Session) async throws {
    // One trustee is enough so far.
    let two = try await session.run("governance", "propose", "set-parameter", session.wallet(0), "trustee_threshold", "2")
    #expect(try two.json(Proposal.self).state == "enacted")
    let freeze = try await session.run("governance", "propose", "freeze-contract", session.wallet(0), "tools").json(Proposal.self)
    #expect(freeze.state == "open" && freeze.threshold == 2 && freeze.approvals.count == 1 && freeze.missing.count == 3)
    #expect(try await session.refused("governance", "approve", session.wallet(0), freeze.id) == "already_approved")
    let list = try await session.run("governance", "list").json(Proposals.self)
    #expect(list.threshold == 2 && list.trustees.count == 4 && list.proposals.map(\.id) == [freeze.id])
    let governance = try await session.run("governance", "show").json(Governance.self)
    #expect(governance.open == [freeze.id] && governance.parameters["trustee_threshold"] == 2)
    #expect(try await session.run("governance", "show", freeze.id).json(Proposal.self).change == "freeze the contract tools")
    let open = try await session.status()
    #expect(open.contracts == 1 && open.frozen == 0 && open.openProposals == 1 && open.auditOverdue == 0)

    let approved = try await session.run("governance", "approve", session.wallet(1), freeze.id).json(Proposal.self)
    #expect(approved.state == "enacted" && approved.approvals.count == 2 && approved.missing.isEmpty)
    #expect(try await session.shown().state == "frozen")
    #expect(try await session.run("governance", "list").json(Proposals.self).proposals.isEmpty)
    let frozen = try await session.status()
    #expect(frozen.frozenContracts == ["tools"] && frozen.frozen == 1 && frozen.openProposals == 0)
    #expect(try await session.refused("governance", "propose", "freeze-contract", session.wallet(0), "tools") == "contract_frozen")
    #expect(try await session.refused("governance", "propose", "freeze-contract", session.wallet(0), "other") == "unknown_contract")
    try await end(session)
  }

  /// A proposal that is withdrawn, and one whose time passes.
  private func end(_ session: Session) async throws {
    let propose = ["governance", "propose", "unfreeze-contract", session.wallet(0), "tools"]
    let withdrawn = try await session.run(propose[0], propose[1], propose[2], propose[3], propose[4]).json(Proposal.self)
    #expect(try await session.run("governance", "withdraw", session.wallet(0), withdrawn.id).json(Proposal.self).state == "withdrawn")
    #expect(try await session.refused("governance", "approve", session.wallet(1), withdrawn.id) == "proposal_closed")

    // Long enough to be proposed, however slow this machine is; what is waited for is the network's own time.
    let short = try await session.run(propose[0], propose[1], propose[2], propose[3], propose[4], "--lifetime", "5s").json(Proposal.self)
    var shown = short
    while shown.state == "open" { shown = try await session.run("governance", "show", short.id).json(Proposal.self) }
    #expect(shown.state == "expired" && shown.missing.isEmpty)
    #expect(try await session.refused("governance", "approve", session.wallet(1), short.id) == "proposal_expired")
    #expect(try await session.run("governance", "list").json(Proposals.self).proposals.isEmpty)
    #expect(try await session.refused("governance", "show", String(repeating: "0", count: 64)) == "unknown_proposal")
    #expect(try await session.shown().state == "frozen")
  }
}
