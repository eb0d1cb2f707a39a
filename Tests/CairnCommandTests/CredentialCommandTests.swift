import Foundation
import Testing

@Suite("Credentials on the command line", .serialized, .timeLimit(.minutes(5)))
struct CredentialCommandTests {
  private struct Created: Decodable { let did: String }
  private struct Verified: Decodable {
    struct Reason: Decodable { let reason: String }
    struct Session: Decodable { let refusals: [Reason] }
    let accepted: Bool
    let refusals: [Reason]
    let sessions: [Session]
  }
  private struct Status: Decodable {
    let isSet: Bool
    let purpose: String
  }
  private struct Resolved: Decodable {
    let versionId: UInt64
    let newestVersionId: UInt64
    let keyAgeMs: UInt64
    let isIsolated: Bool
  }

  private func run(
    _ workspace: Workspace, _ ready: Devnet.Ready, _ arguments: [String], status: Int32 = 0, endpoint: String? = nil,
    location: SourceLocation = #_sourceLocation
  ) async throws -> CommandLineTool.Result {
    var environment = ready.environment
    if let endpoint { environment["CAIRN_ENDPOINT"] = endpoint }
    let result = try await workspace.cairn(arguments, environment: environment)
    #expect(result.status == status, "\(arguments.prefix(3)) \(result.output) \(result.errors)", sourceLocation: location)
    return result
  }

  private func reasons(_ result: CommandLineTool.Result) throws -> [String] { try result.json(Verified.self).refusals.map(\.reason) }

  @Test("Issued, verified by every node, revoked, refused by every node, and still good at the time before")
  func life() async throws {
    let workspace = try Workspace()
    var environment: [String: String] = [:]
    try await Devnet.run(workspace) { ready in
      environment = ready.environment
      let agent = try await run(
        workspace, ready, ["did", "create", "agent.keys", "--submitter", ready.registrar, "--json", "--insecure-devnet-hashing"]
      ).json(Created.self).did
      for (name, purpose) in [("cards", "revocation"), ("pauses", "suspension")] {
        _ = try await run(workspace, ready, ["status-list", "create", ready.registrar, name, "--purpose", purpose])
      }
      for (form, file) in [("data-integrity", "a.json"), ("jwt", "b.jwt")] {
        _ = try await run(
          workspace, ready,
          [
            "credential", "issue", ready.registrar, agent, "--role", "deployer", "--permission", "tool:deploy", "--status-list", "cards",
            "--status-list", "pauses", "--form", form, "--output", file,
          ])
      }
      let long = try await run(
        workspace, ready, ["credential", "issue", ready.registrar, agent, "--valid-for", "5h", "--json"], status: 2)
      #expect(try long.failure().error == "lifetime_too_long")
      for file in ["a.json", "b.jwt"] {
        for endpoint in ready.endpoints {
          _ = try await run(
            workspace, ready, ["credential", "verify", file, "--require-issuer-role", "--json"], endpoint: endpoint)
        }
      }
      _ = try await run(
        workspace, ready,
        ["credential", "present", "agent.keys", "a.json", "b.jwt", "--challenge", "once", "--audience", "gate", "--output", "shown"])
      let demands = ["--challenge", "once", "--audience", "gate", "--require-holder", "--json"]
      _ = try await run(workspace, ready, ["credential", "verify", "shown", "--bundle-out", "shown.bundle"] + demands)
      let wrong = try await run(workspace, ready, ["credential", "verify", "shown", "--challenge", "twice", "--json"], status: 1)
      #expect(try Set(reasons(wrong)) == ["wrong_challenge", "wrong_audience"])
      try await checkBundle(workspace, ready, demands)
      try await suspend(workspace, ready)
      try await isolate(workspace, ready, agent)
      let before = Int(Date().timeIntervalSince1970 * 1_000)
      _ = try await run(workspace, ready, ["credential", "revoke", ready.registrar, "a.json"])
      for endpoint in ready.endpoints {
        let refused = try await run(workspace, ready, ["credential", "verify", "a.json", "--json"], status: 1, endpoint: endpoint)
        #expect(try reasons(refused) == ["revoked"])
        _ = try await run(workspace, ready, ["credential", "verify", "a.json", "--at", "\(before)", "--json"], endpoint: endpoint)
      }
      _ = try await run(workspace, ready, ["credential", "verify", "b.jwt", "--json"])
      let statuses = try await run(workspace, ready, ["credential", "status", "a.json"])
      #expect(statuses.output.contains("REVOKED") && statuses.output.contains("not suspended"))
      let resolved = try await run(workspace, ready, ["did", "resolve", agent, "--version-id", "0", "--json"]).json(Resolved.self)
      #expect(resolved.versionId == 0 && resolved.newestVersionId == 0 && resolved.keyAgeMs > 0)
      let early = try await run(workspace, ready, ["did", "resolve", agent, "--version-time", "2020-01-01T00:00:00Z", "--json"], status: 1)
      #expect(try early.failure().error == "not_yet_created")
    }
    // Without a network there is no verdict but a refusal, and the exit code says why.
    let unread = try await workspace.cairn(["credential", "verify", "b.jwt", "--timeout", "2", "--json"], environment: environment)
    #expect(unread.status == 3)
    #expect(try Set(reasons(unread)) == ["unavailable_issuer", "unavailable_status"])
  }

  /// With the trust anchor alone; there is no network any more where the endpoints point to.
  private func checkBundle(_ workspace: Workspace, _ ready: Devnet.Ready, _ demands: [String]) async throws {
    let offline = ["credential", "verify", "--bundle", "shown.bundle", "--anchor", ready.anchor] + demands
    #expect(try await workspace.cairn(offline, environment: ["CAIRN_ENDPOINT": "127.0.0.1:1"]).status == 0)
    var bytes = [UInt8](try Data(contentsOf: workspace.directory.appendingPathComponent("shown.bundle")))
    bytes[bytes.count - 40] ^= 1
    try Data(bytes).write(to: workspace.directory.appendingPathComponent("bad.bundle"))
    let bad = try await workspace.cairn(["credential", "verify", "--bundle", "bad.bundle", "--anchor", ready.anchor] + demands)
    #expect(bad.status == 1)
  }

  private func isolate(_ workspace: Workspace, _ ready: Devnet.Ready, _ agent: String) async throws {
    let isolated = try await run(
      workspace, ready, ["agent", "isolate", ready.registrar, agent, "--reason", "a drill", "--for", "1h", "--json"])
    #expect(try isolated.json(Created.self).did == agent)
    let shown = try await run(workspace, ready, ["did", "resolve", agent])
    #expect(shown.output.contains("isolated") && shown.output.contains("a drill"))
    let refused = try await run(
      workspace, ready, ["did", "update", "agent.keys", "--also-known-as", "https://a.example", "--json"], status: 1)
    #expect(try refused.failure().error == "isolated")
    for endpoint in ready.endpoints {
      let verified = try await run(
        workspace, ready, ["credential", "verify", "shown", "--challenge", "once", "--audience", "gate", "--json"], status: 1,
        endpoint: endpoint)
      #expect(try reasons(verified) == ["isolated_holder"])
    }
    _ = try await run(workspace, ready, ["agent", "release", ready.registrar, agent])
    #expect(try await !run(workspace, ready, ["did", "resolve", agent, "--json"]).json(Resolved.self).isIsolated)
  }

  private func suspend(_ workspace: Workspace, _ ready: Devnet.Ready) async throws {
    _ = try await run(workspace, ready, ["credential", "suspend", ready.registrar, "b.jwt"])
    let refused = try await run(workspace, ready, ["credential", "verify", "b.jwt", "--json"], status: 1)
    #expect(try reasons(refused) == ["suspended"])
    _ = try await run(workspace, ready, ["credential", "reinstate", ready.registrar, "b.jwt"])
    _ = try await run(workspace, ready, ["credential", "verify", "b.jwt", "--json"])
    let list = try await run(
      workspace, ready, ["credential", "issue", ready.registrar, "did:example:a", "--status-list", "none"], status: 1)
    #expect(list.errors.contains("does not exist, as the state at height"))
  }

  @Test("Ten thousand bits change in one command, and a list is signed for others")
  func lists() async throws {
    let workspace = try Workspace()
    try await Devnet.run(workspace) { ready in
      _ = try await run(workspace, ready, ["status-list", "create", ready.registrar, "cards"])
      try workspace.write((0..<10_000).map { "\($0 * 3)\n" }.joined(), to: "indices")
      _ = try await run(
        workspace, ready, ["credential", "revoke", ready.registrar, "--list", "cards", "--indices-file", "indices", "--json"])
      let did = try await run(
        workspace, ready, ["status-list", "refresh", ready.registrar, "cards", "--no-publish", "--credential-out", "list.json"])
      #expect(did.output.contains("10000"))
      let document = try workspace.text("list.json")
      let list = try #require(document.split(separator: "\"").first { $0.hasPrefix("did:cairn:") && $0.hasSuffix("/status/cards") })
      let shown = try await run(workspace, ready, ["status-list", "show", String(list), "--indices"])
      #expect(shown.output.split(separator: "\n").count == 10_000)
      let revoker = try await run(
        workspace, ready, ["did", "create", "duty.keys", "--submitter", ready.registrar, "--json", "--insecure-devnet-hashing"]
      ).json(Created.self).did
      let early = try await run(
        workspace, ready, ["credential", "revoke", "duty.keys", "--list", String(list), "--index", "7", "--json"], status: 1)
      #expect(try early.failure().error == "not_revoker")
      _ = try await run(workspace, ready, ["status-list", "delegate", ready.registrar, "cards", "--revoker", revoker])
      _ = try await run(workspace, ready, ["credential", "revoke", "duty.keys", "--list", String(list), "--index", "7"])
    }
  }

  @Test("A session of a batch presents a credential, until it is revoked")
  func sessions() async throws {
    let workspace = try Workspace()
    struct Batch: Decodable { let dids: [String] }
    try await Devnet.run(workspace) { ready in
      _ = try await run(workspace, ready, ["status-list", "create", ready.registrar, "cards"])
      let batch = try await run(
        workspace, ready,
        [
          "session", "create", ready.registrar, "--count", "500", "--valid-for", "2h", "--wallet-out", "sessions.keys", "--json",
          "--insecure-devnet-hashing",
        ]
      ).json(Batch.self)
      let did = batch.dids[321]
      _ = try await run(
        workspace, ready, ["credential", "issue", ready.registrar, did, "--status-list", "cards", "--output", "credential"])
      _ = try await run(
        workspace, ready, ["credential", "present", "sessions.keys", "credential", "--did", did, "--challenge", "once", "-o", "shown"])
      _ = try await run(workspace, ready, ["session", "present", "sessions.keys.batch", "--index", "321", "-o", "session"])
      _ = try await run(workspace, ready, ["session", "verify", "session"])
      let verify = ["credential", "verify", "shown", "--challenge", "once", "--require-holder", "--json"]
      _ = try await run(workspace, ready, verify + ["--session", "session"])
      #expect(try reasons(try await run(workspace, ready, verify, status: 1)) == ["unknown_holder"])
      _ = try await run(workspace, ready, ["session", "revoke", ready.registrar, "--session", "session"])
      let refused = try await run(workspace, ready, ["session", "verify", "session"], status: 1)
      #expect(refused.output.contains("session_revoked"))
      let revoked = try await run(workspace, ready, verify + ["--session", "session"], status: 1).json(Verified.self)
      #expect(revoked.refusals.map(\.reason) == ["deactivated_holder"])
      #expect(revoked.sessions.flatMap(\.refusals).map(\.reason) == ["session_revoked"])
    }
  }

  @Test("A fleet is created, rotated and deactivated under its controller")
  func fleet() async throws {
    let workspace = try Workspace()
    try await Devnet.run(workspace) { ready in
      let created = try await run(
        workspace, ready,
        [
          "did", "create", "fleet.keys", "--submitter", ready.registrar, "--count", "600", "--controller", "--json",
          "--insecure-devnet-hashing",
        ])
      let dids = try created.output.split(separator: "\n").map { try JSONDecoder().decode(Created.self, from: Data($0.utf8)).did }
      #expect(Set(dids).count == 600)
      for _ in 0..<2 {
        let rotated = try await run(
          workspace, ready, ["did", "rotate", "fleet.keys", "--all", "--submitter", ready.registrar, "--insecure-devnet-hashing"])
        #expect(rotated.output.hasPrefix("Rotated the keys of 600 DIDs in "), "\(rotated.output)")
      }
      let resolved = try await run(workspace, ready, ["did", "resolve", dids[599], "--json"]).json(Resolved.self)
      #expect(resolved.versionId == 2)
      let past = try await run(workspace, ready, ["did", "resolve", dids[599], "--version-id", "1", "--json"]).json(Resolved.self)
      #expect(past.versionId == 1 && past.newestVersionId == 2)
      // A rotated key still speaks for its DID alone.
      _ = try await run(
        workspace, ready, ["did", "update", "fleet.keys", "--did", dids[0], "--service", "Card=https://a.example"], status: 0)
      _ = try await run(workspace, ready, ["did", "deactivate", "fleet.keys", "--all", "--submitter", ready.registrar])
      _ = try await run(workspace, ready, ["did", "resolve", dids[0]], status: 1)
      let again = try await run(
        workspace, ready, ["did", "deactivate", "fleet.keys", "--all", "--submitter", ready.registrar, "--json"], status: 1)
      #expect(try again.failure().error == "nothing_to_do")
    }
  }
}
