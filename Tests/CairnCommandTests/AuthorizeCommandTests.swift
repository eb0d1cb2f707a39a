import Foundation
import Testing

@Suite("Authorization on the command line", .serialized, .timeLimit(.minutes(5)))
struct AuthorizeCommandTests {
  private struct Created: Decodable { let did: String }
  private struct Decision: Decodable {
    struct Reason: Decodable { let reason: String }
    struct Contract: Decodable {
      let name: String
      let version: UInt64
    }
    let allowed: Bool
    let reasons: [Reason]
    let policies: [String]
    let contract: Contract?
  }
  private struct Receipt: Decodable {
    let allowed: Bool
    let agent: String
  }

  private static var tools: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("genesis/contracts/tools").path
  }

  @Test("Allowed by every node, recorded, denied when isolated and when revoked") func life() async throws {
    let workspace = try Workspace()
    try await Devnet.run(workspace) { ready in
      func run(
        _ arguments: [String], status: Int32 = 0, endpoint: String? = nil, location: SourceLocation = #_sourceLocation
      ) async throws -> CommandLineTool.Result {
        var environment = ready.environment
        if let endpoint { environment["CAIRN_ENDPOINT"] = endpoint }
        let result = try await workspace.cairn(arguments, environment: environment)
        #expect(result.status == status, "\(arguments.prefix(3)) \(result.output) \(result.errors)", sourceLocation: location)
        return result
      }
      let agent = try await run(
        ["did", "create", "agent.keys", "--submitter", ready.registrar, "--json", "--insecure-devnet-hashing"]
      ).json(Created.self).did
      _ = try await run(["status-list", "create", ready.registrar, "cards"])
      _ = try await run(["policy", "deploy", ready.registrar, "tools", Self.tools])
      _ = try await run([
        "credential", "issue", ready.registrar, agent, "--role", "deployer", "--permission", "tool:change", "--delegation-depth", "1",
        "--status-list", "cards", "--output", "card.json",
      ])
      let what = [
        "tool:deploy", "staging/shop", "--contract", "tools", "--asserted", #"{"environment":"staging"}"#, "--credential", "card.json",
        "--json",
      ]
      for endpoint in ready.endpoints {
        let decision = try await run(["policy", "authorize", agent] + what, endpoint: endpoint).json(Decision.self)
        #expect(decision.allowed && decision.policies == ["change-staging"] && decision.contract?.version == 1)
      }
      _ = try await run(["policy", "record", "agent.keys"] + what + ["--output", "receipt"])
      let demand = ["tool:deploy", "staging/shop", "--contract", "tools", "--asserted", #"{ "environment": "staging" }"#, "--json"]
      let receipt = try await run(["policy", "receipt", "receipt"] + demand, endpoint: "127.0.0.1:1").json(Receipt.self)
      #expect(receipt.allowed && receipt.agent == agent)
      let other = try await run(["policy", "receipt", "receipt", "tool:write"] + demand.dropFirst(), status: 1)
      #expect(try other.failure().error == "other_action")
      func denied(_ reason: String) async throws {
        for endpoint in ready.endpoints {
          let decision = try await run(["policy", "authorize", agent] + what, status: 1, endpoint: endpoint).json(Decision.self)
          #expect(!decision.allowed && decision.reasons.map(\.reason) == [reason])
        }
      }
      _ = try await run(["agent", "isolate", ready.registrar, agent, "--reason", "test"])
      try await denied("isolated")
      let refused = try await run(["policy", "record", "agent.keys"] + what + ["--submitter", ready.registrar], status: 1)
      #expect(try refused.failure().error == "isolated")
      _ = try await run(["agent", "release", ready.registrar, agent])
      _ = try await run(["credential", "revoke", ready.registrar, "card.json"])
      try await denied("credential_revoked")
    }
  }
}
