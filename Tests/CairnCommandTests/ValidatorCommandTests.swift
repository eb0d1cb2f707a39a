import Foundation
import Testing

@testable import CairnCommand

/// The walk-through of Governance.md, "A fifth node joins a running network", played by processes.
@Suite("The validators of a running network", .serialized)
struct ValidatorCommandTests {
  private struct Ready: Decodable {
    struct Ports: Decodable { let admin: Int? }
    let event: String
    let ports: Ports
  }

  private struct Status: Decodable {
    let epoch: UInt64
    let height: UInt64
    let isVoting: Bool
    let validatorNames: [String]
  }

  private struct Proposal: Decodable {
    let state: String
    let change: String
  }

  private struct Verified: Decodable {
    let height: UInt64
  }

  @Test("A fifth node joins, votes, and serves; another one leaves; clients and verify follow from the genesis") func fifthNode()
    async throws
  {
    let workspace = try Workspace()
    try await Devnet.run(workspace) { ready in
      let environment = ready.environment
      let ports = try PortCheck.freeLoopbackPorts(2)
      let joined = try await workspace.cairn(
        [
          "genesis", "join", "--genesis", "net/genesis.cairn", "--name", "node-5", "--directory", "fifth",
          "--peer-address", "127.0.0.1:\(ports[0])", "--client-address", "127.0.0.1:\(ports[1])", "--insecure-devnet-hashing",
        ], environment: environment)
      #expect(joined.status == 0 && joined.output.contains("governance propose add-validator node-5.entry"), "\(joined.errors)")
      #expect(try workspace.text("fifth/node.yaml").contains("\nname: node-5\n"))
      let checked = try await workspace.cairn(
        ["node", "check-config", "--config", "fifth/node.yaml", "--set", "listen.admin=off", "--set", "listen.http=off"],
        environment: environment)
      #expect(checked.status == 0 && checked.output.contains("it follows, and votes once"), "\(checked.output) \(checked.errors)")
      try await withFifth(workspace, environment) { admin in
        let before = try await status(workspace, admin)
        #expect(!before.isVoting && before.epoch == 0 && before.validatorNames.count == 4)
        let added = try await propose(workspace, environment, "add-validator", ready.registrar, "fifth/node-5.entry")
        #expect(added.state == "enacted" && added.change.contains("add the validator node-5 (peers 127.0.0.1:\(ports[0])"))
        let after = try await wait(workspace, admin) { $0.epoch == 1 && $0.isVoting }
        #expect(after.validatorNames == ["node-0", "node-1", "node-2", "node-3", "node-5"])
        let shown = try await workspace.cairn("node", "status", "--admin", admin)
        #expect(shown.output.contains("1, 5 validators: node-0, node-1, node-2, node-3, node-5"), "\(shown.output)")
        let moved = try await propose(
          workspace, environment, "move-validator", ready.registrar, "node-5", "--client-address", "localhost:\(ports[1])")
        #expect(moved.state == "enacted" && moved.change.contains("clients localhost:\(ports[1])"))
        #expect(try await propose(workspace, environment, "remove-validator", ready.registrar, "node-3").state == "enacted")
        let third = try await wait(workspace, admin) { $0.epoch == 3 && $0.isVoting }
        #expect(third.validatorNames == ["node-0", "node-1", "node-2", "node-5"])
        let removed = try #require(ready.nodes.last?.admin)
        #expect(try await wait(workspace, removed) { $0.epoch == 3 && $0.height >= third.height }.isVoting == false)
        for (arguments, reason) in [
          (["remove-validator", ready.registrar, "node-3"], "unknown_validator"),
          (["move-validator", ready.registrar, "node-55", "--peer-address", "a:1"], "unknown_validator"),
          (["add-validator", ready.registrar, "fifth/node-5.entry"], "validator_address_taken"),
        ] {
          let refused = try await workspace.cairn(["governance", "propose"] + arguments + ["--json"], environment: environment)
          #expect(refused.status == 1)
          #expect(try refused.failure().error == reason, "\(refused.errors)")
        }
        // From the genesis' anchor through every epoch, and from a new one.
        let checkpoint = try await workspace.cairn(["log", "checkpoint", "--write-anchor", "anchor.new"], environment: environment)
        #expect(checkpoint.status == 0, "\(checkpoint.errors)")
        var newer = environment
        newer["CAIRN_ANCHOR"] = "anchor.new"
        newer["CAIRN_ENDPOINT"] = "node-5"
        let created = try await workspace.cairn(
          ["did", "create", "alice.keys", "--submitter", ready.registrar, "--insecure-devnet-hashing"], environment: newer)
        #expect(created.status == 0, "\(created.errors)")
      }
    }
    for data in ["net/node-1/data", "fifth/data"] {
      let verified = try await workspace.cairn("verify", "--data", data, "--genesis", "net/genesis.cairn", "--json")
      #expect(verified.status == 0, "\(verified.errors)")
      #expect(try verified.json(Verified.self).height > 3)
    }
  }

  @Test("An entry for another network, or one that was changed, is not proposed; a wrong file is still noticed") func foreignEntry()
    async throws
  {
    let workspace = try Workspace()
    try await Devnet.run(workspace) { ready in
      try await workspace.cairn("genesis", "new", "template.yaml", "--name", "other")
      let other = try await workspace.cairn(
        [
          "genesis", "join", "--template", "template.yaml", "--name", "stranger", "--directory", "stranger", "--peer-address", "a:1",
          "--client-address", "a:2", "--insecure-devnet-hashing",
        ], environment: ready.environment)
      #expect(other.status == 0, "\(other.errors)")
      let refused = try await workspace.cairn(
        ["governance", "propose", "add-validator", ready.registrar, "stranger/stranger.entry", "--json"], environment: ready.environment)
      #expect(refused.status == 1)
      let both = try await workspace.cairn(
        "genesis", "join", "--template", "template.yaml", "--genesis", "net/genesis.cairn", "--name", "x", "--peer-address", "a:1",
        "--client-address", "a:2")
      #expect(both.status == 2)
      let wrong = try await workspace.cairn(
        ["node", "run", "--config", "stranger/node.yaml", "--set", "genesis=\(workspace.path("net/genesis.cairn"))", "--json"],
        environment: ready.environment)
      #expect(try wrong.failure().error == "not_a_validator", "\(wrong.errors)")
    }
  }

  private func propose(_ workspace: Workspace, _ environment: [String: String], _ arguments: String...) async throws -> Proposal {
    let result = try await workspace.cairn(["governance", "propose"] + arguments + ["--json"], environment: environment)
    #expect(result.status == 0, "\(arguments) \(result.errors)")
    return try result.json()
  }

  private func status(_ workspace: Workspace, _ admin: String) async throws -> Status {
    let result = try await workspace.cairn("node", "status", "--admin", admin, "--json")
    #expect(result.status == 0, "\(result.errors)")
    return try result.json()
  }

  /// Asks again and again; each time is a process, which takes a while.
  private func wait(_ workspace: Workspace, _ admin: String, until condition: (Status) -> Bool) async throws -> Status {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      let status = try await status(workspace, admin)
      if condition(status) { return status }
      try #require(ContinuousClock.now < deadline, "\(status) \(Devnet.lastWords(workspace))")
    }
  }

  /// The fifth node's process while a body runs, which is told where its operator asks.
  private func withFifth(_ workspace: Workspace, _ environment: [String: String], _ body: (String) async throws -> Void) async throws {
    let process = CommandLineTool.process(
      [
        "node", "run", "--config", "fifth/node.yaml", "--json", "--stop-at-end-of-input", "--set", "listen.admin=127.0.0.1:0",
        "--set", "listen.http=off",
      ], in: workspace.directory, environment: environment)
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (input, output, FileHandle.nullDevice)
    try process.run()
    do {
      let ready = try JSONDecoder().decode(Ready.self, from: Data(await Devnet.line(output.fileHandleForReading).utf8))
      try await body("127.0.0.1:\(try #require(ready.ports.admin))")
    } catch {
      process.terminate()
      await Devnet.wait(process)
      throw error
    }
    process.terminate()
    await Devnet.wait(process)
    #expect(process.terminationStatus == 0)
  }
}
