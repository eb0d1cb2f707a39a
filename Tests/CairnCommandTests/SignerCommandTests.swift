import Foundation
import Testing

@testable import CairnCommand

@Suite("cairn signer", .serialized)
struct SignerCommandTests {
  private struct Made: Decodable {
    let address: String
    let consensusKey: String
    let signerKey: String
    let votes: Int
    let floor: String
  }

  private struct Status: Decodable {
    struct Signer: Decodable {
      let isConnected: Bool
      let problem: String?
      let skippedVotes: UInt64
    }
    let isVoting: Bool
    let notVotingBecause: String?
    let height: UInt64
    let signer: Signer?
  }

  private struct SignerShown: Decodable {
    let consensusKey: String
    let isRunning: Bool
    let records: UInt64
    let highest: String?
    let floor: String
  }

  private struct Entry: Decodable {
    let name: String
  }
  private struct KeyList: Decodable {
    let keys: [Entry]
  }

  /// A signer's process while it is wanted.
  private final class Running {
    let process: Process

    init(_ workspace: Workspace, _ directory: String) async throws {
      process = CommandLineTool.process(
        ["signer", "run", directory, "--json", "--passphrase-file", "net/passphrase"], in: workspace.directory)
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let line = await Devnet.line(output.fileHandleForReading)
      try #require(line.contains(#""event":"ready""#), "\(line)")
    }

    func kill() async {
      Foundation.kill(process.processIdentifier, SIGKILL)
      await Devnet.wait(process)
    }

    func stop() async {
      process.terminate()
      await Devnet.wait(process)
    }
  }

  private func shown(_ workspace: Workspace) async throws -> SignerShown {
    let result = try await workspace.cairn("signer", "status", "net/signer", "--json")
    #expect(result.status == 0, "\(result.errors)")
    return try result.json()
  }

  private func status(_ workspace: Workspace, _ admin: String) async throws -> Status {
    try await workspace.cairn("node", "status", "--admin", admin, "--json").json()
  }

  private func wait(_ workspace: Workspace, _ admin: String, until condition: (Status) -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    var last = try await status(workspace, admin)
    while !condition(last) {
      try #require(ContinuousClock.now < deadline, "\(last)")
      last = try await status(workspace, admin)
    }
  }

  private func signerInit(_ workspace: Workspace, _ more: String...) async throws -> CommandLineTool.Result {
    try await workspace.cairn(
      ["signer", "init", "net/signer", "--config", "net/node-0/node.yaml", "--insecure-devnet-hashing", "--json"] + more)
  }

  @Test("A validator's key moves into a signer, whose process is killed and comes back") func life() async throws {
    let workspace = try Workspace()
    try await Devnet.run(workspace) { ready in
      let created = try await workspace.cairn(
        ["did", "create", "first.keys", "--submitter", ready.registrar, "--insecure-devnet-hashing"], environment: ready.environment)
      #expect(created.status == 0, "\(created.errors)")
      #expect(try await signerInit(workspace).failure().error == "locked")
    }
    let moved = try await signerInit(workspace)
    #expect(moved.status == 0, "\(moved.errors)")
    let made = try moved.json(Made.self)
    #expect(made.votes > 0)
    #expect(try workspace.mode("net/signer/signer.keys") == 0o600)
    let left = try await workspace.cairn("keys", "show", "net/node-0/node.keys", "--json").json(KeyList.self)
    #expect(left.keys.map(\.name) == ["node"])
    #expect(try await signerInit(workspace).failure().error == "unknown_key_name")

    let configuration = try workspace.text("net/node-0/node.yaml")
    try workspace.write(
      configuration + "signer:\n  address: '\(made.address)'\n  consensus_key: '\(made.consensusKey)'\n", to: "net/node-0/node.yaml")
    var signer = try await Running(workspace, "net/signer")
    #expect(try await shown(workspace).isRunning)
    let second = try await workspace.cairn(["signer", "run", "net/signer", "--json", "--passphrase-file", "net/passphrase"])
    #expect(try second.failure().error == "locked")
    let reset = try await workspace.cairn("signer", "reset", "net/signer", "--above", "0:999999", "--json")
    #expect(try reset.failure().error == "locked")
    try await Devnet.run(workspace) { ready in
      let admin = try #require(ready.nodes.first?.admin)
      try await wait(workspace, admin) { $0.isVoting && $0.signer?.isConnected == true }
      let first = try await shown(workspace)
      await signer.kill()
      try await wait(workspace, admin) { $0.notVotingBecause == "signer_unreachable" }
      let created = try await workspace.cairn(
        ["did", "create", "second.keys", "--submitter", ready.registrar, "--insecure-devnet-hashing"], environment: ready.environment)
      #expect(created.status == 0, "\(created.errors)")
      try await wait(workspace, admin) { $0.signer?.skippedVotes ?? 0 > 0 }
      signer = try await Running(workspace, "net/signer")
      try await wait(workspace, admin) { $0.isVoting }
      let height = try await status(workspace, admin).height
      try await wait(workspace, admin) { $0.height > height + 1 }
      let evidence = try await workspace.cairn("evidence", "list", "--admin", admin)
      #expect(evidence.status == 0, "\(evidence.errors)")
      #expect(try await shown(workspace).records > first.records)
    }
    await signer.stop()
    #expect(try await !shown(workspace).isRunning)
    try await damage(workspace)
  }

  /// A record that was damaged signs nothing until the operator says above which view.
  private func damage(_ workspace: Workspace) async throws {
    let before = try await shown(workspace)
    try FileManager.default.removeItem(atPath: workspace.path("net/signer/records/safety.log"))
    let run = ["signer", "run", "net/signer", "--json", "--passphrase-file", "net/passphrase"]
    let refused = try await workspace.cairn(run)
    #expect(refused.status == 1)
    #expect(try refused.failure().error == "safety_log_missing")
    #expect(try refused.failure().message.contains("cairn signer reset"))
    let below = try await workspace.cairn("signer", "reset", "net/signer", "--above", "0:1", "--json")
    #expect(try below.failure().error == "below_highest")
    #expect(try await workspace.cairn("signer", "reset", "net/signer", "--above", "one").status == 2)
    let reset = try await workspace.cairn("signer", "reset", "net/signer", "--above", "0:500000", "--json")
    #expect(reset.status == 0, "\(reset.errors)")
    let after = try await shown(workspace)
    #expect(after.floor == "0:500000" && after.highest == nil && after.records > before.records)
    let signer = try await Running(workspace, "net/signer")
    await signer.stop()
  }

  @Test("A key that never voted moves only when its operator says so, and check-config names what is wrong") func neverVoted() async throws
  {
    let workspace = try Workspace()
    try await GenesisTests.ceremony(["alpha", "beta"], in: workspace)
    let sealed = try await workspace.cairn(
      ["genesis", "seal", "--template", "template.yaml", "--output", "alpha/genesis.cairn", "alpha/alpha.entry", "beta/beta.entry"])
    #expect(sealed.status == 0, "\(sealed.errors)")
    let arguments = ["signer", "init", "vault", "--config", "alpha/node.yaml", "--listen", "127.0.0.1:7500", "--json"] + workspace.newKeys
    #expect(try await workspace.cairn(arguments).failure().error == "no_record")
    let check = ["node", "check-config", "--config", "alpha/node.yaml", "--json"] + workspace.passphrase
    let address = ["--set", "signer.address=127.0.0.1:7500"]
    let early = try await workspace.cairn(check + address)
    #expect(early.output.contains("consensus_key_present") && early.output.contains("signer.consensus_key"))
    let made = try await workspace.cairn(arguments + ["--never-voted"])
    #expect(made.status == 0, "\(made.errors)")
    let keys = try made.json(Made.self)
    #expect(keys.votes == 0 && keys.floor == "0:0")
    let free = ["peers", "clients", "admin", "http"].flatMap { ["--set", "listen.\($0)=127.0.0.1:0"] }
    let complete = ["--set", "signer.consensus_key=\(keys.consensusKey)", "--set", "signer.key=\(keys.signerKey)"]
    #expect(try await workspace.cairn(check + free).output.contains("unknown_key_name"))
    #expect(try await workspace.cairn(check + free + address).output.contains("bad_value"))
    #expect(try await workspace.cairn(check + free + complete).output.contains("signer.address"))
    let valid = try await workspace.cairn(check + free + address + complete)
    #expect(valid.status == 0, "\(valid.output)")
    #expect(try workspace.text("vault/signer.yaml").contains("alpha:"))
  }
}
