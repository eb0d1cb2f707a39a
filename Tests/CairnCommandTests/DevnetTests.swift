import Foundation
import Testing

@Suite("A local network of real processes", .serialized)
struct DevnetTests {
  private struct Created: Decodable {
    let did: String
    let height: UInt64
  }

  private struct Verified: Decodable {
    let height: UInt64
    let operations: Int
    let certificates: Int
    let storedStateHeight: UInt64?
  }

  @Test("A DID lives its whole life, survives a restart of the network, and the data verifies until it is damaged")
  func life() async throws {
    let workspace = try Workspace()
    var did = ""
    var network = ""
    try await Devnet.run(workspace) { ready in
      network = ready.network
      let environment = ready.environment
      let created = try await workspace.cairn(
        [
          "did", "create", "alice.keys", "--submitter", ready.registrar, "--service", "Card=https://example.com", "--json",
          "--insecure-devnet-hashing",
        ], environment: environment)
      #expect(created.status == 0, "\(created.errors)")
      did = try created.json(Created.self).did
      for arguments in [
        ["did", "update", "alice.keys", "--also-known-as", "https://alice.example"],
        ["did", "rotate", "alice.keys", "--insecure-devnet-hashing"],
        ["did", "update", "alice.keys", "--remove", "card"], ["did", "rotate", "alice.keys", "--insecure-devnet-hashing"],
      ] {
        let result = try await workspace.cairn(arguments, environment: environment)
        #expect(result.status == 0, "\(arguments) \(result.errors)")
      }
      let document = try await workspace.cairn(["did", "resolve", did, "--did-document"], environment: environment)
      #expect(document.output.contains("https://alice.example"))
      #expect(!document.output.contains("Card"))
      let history = try await workspace.cairn(["did", "history", did], environment: environment)
      #expect(history.output.hasPrefix("4  rotate"))
      #expect(history.output.contains("Verified to the creation"))
      let absent = try await workspace.cairn(["did", "resolve", String(did.dropLast(4)) + "1111"], environment: environment)
      #expect(absent.status == 1)
      #expect(absent.errors.contains("does not exist, as the state at height"))
      let admin = try #require(ready.nodes.first?.admin)
      let status = try await workspace.cairn("node", "status", "--admin", admin)
      #expect(status.output.contains("3 of 3 connected"), "\(status.output) \(status.errors) \(Devnet.lastWords(workspace))")
    }
    try await Devnet.run(workspace) { ready in
      #expect(ready.network == network)
      let environment = ready.environment
      #expect(try await workspace.cairn(["did", "deactivate", "alice.keys"], environment: environment).status == 0)
      #expect(try await workspace.cairn(["did", "resolve", did], environment: environment).status == 1)
      let busy = try await workspace.cairn("verify", "--data", "net/node-0/data", "--genesis", "net/genesis.cairn", "--json")
      #expect(try busy.failure().error == "locked")
    }
    try await verify(workspace)
  }

  private func verify(_ workspace: Workspace) async throws {
    let arguments = ["verify", "--data", "net/node-0/data", "--genesis", "net/genesis.cairn", "--json"]
    let sound = try await workspace.cairn(arguments)
    #expect(sound.status == 0, "\(sound.errors)")
    let summary = try sound.json(Verified.self)
    #expect(summary.operations == 6)
    #expect(summary.certificates >= 6)
    #expect(summary.storedStateHeight != nil)
    let path = workspace.path("net/node-0/data/chain.db")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let service = try #require(bytes.range(of: Data("https://alice.example".utf8)))
    bytes[service.lowerBound] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    let damaged = try await workspace.cairn(arguments)
    #expect(damaged.status == 1)
    #expect(try damaged.failure().error == "corrupt")
  }

  @Test("A fleet is created in few transactions, and its controller ends one of it")
  func fleet() async throws {
    let workspace = try Workspace()
    try await Devnet.run(workspace, ["--nodes", "1", "--ephemeral"]) { ready in
      let environment = ready.environment
      let created = try await workspace.cairn(
        [
          "did", "create", "fleet.keys", "--submitter", ready.registrar, "--count", "150", "--controller", "--json",
          "--insecure-devnet-hashing",
        ], environment: environment)
      #expect(created.status == 0, "\(created.errors)")
      #expect(created.output.split(separator: "\n").count == 150)
      let shown = try await workspace.cairn("keys", "show", "fleet.keys")
      #expect(shown.output.split(separator: "\n").count == 450)
      let did = try created.json(Created.self).did
      let ended = try await workspace.cairn(
        ["did", "deactivate", ready.registrar, "--as-controller", "--did", did], environment: environment)
      #expect(ended.status == 0, "\(ended.errors)")
      #expect(try await workspace.cairn(["did", "resolve", did], environment: environment).status == 1)
      #expect(try await workspace.cairn(["did", "rotate", "fleet.keys"], environment: environment).status == 2)
    }
    #expect(!FileManager.default.fileExists(atPath: workspace.path("net")))
  }

  @Test("Who may not enrol is refused, and no wallet of a DID that does not exist is left")
  func notRegistrar() async throws {
    let workspace = try Workspace()
    try await Devnet.run(workspace, ["--nodes", "1", "--ephemeral"]) { ready in
      let create = ["did", "create", "--insecure-devnet-hashing", "--json", "--submitter"]
      #expect(try await workspace.cairn(create + [ready.registrar, "a.keys"], environment: ready.environment).status == 0)
      let refused = try await workspace.cairn(create + ["a.keys", "b.keys"], environment: ready.environment)
      #expect(refused.status == 1)
      #expect(try refused.failure().error == "not_permitted")
      #expect(!FileManager.default.fileExists(atPath: workspace.path("b.keys")))
    }
  }

  @Test("A port that somebody else has taken meanwhile is replaced by another")
  func takenPort() async throws {
    let workspace = try Workspace()
    var port = 0
    try await Devnet.run(workspace, ["--nodes", "1"]) { ready in
      port = Int(ready.nodes.first?.clients.split(separator: ":").last ?? "") ?? 0
    }
    let listener = try Listener(port: port)
    try await Devnet.run(workspace, ["--nodes", "1"]) { ready in
      #expect(ready.nodes.first?.clients != "127.0.0.1:\(listener.port)")
      let checkpoint = try await workspace.cairn(["log", "checkpoint"], environment: ready.environment)
      #expect(checkpoint.status == 0, "\(checkpoint.errors)")
    }
  }

  @Test("The nodes of a network can be put far apart, and what is no profile is refused before anything starts")
  func distance() async throws {
    let workspace = try Workspace()
    try workspace.write("* * 30ms\n", to: "links.txt")
    try await Devnet.run(workspace, ["--wan", "links.txt"]) { ready in
      let start = ContinuousClock.now
      let created = try await workspace.cairn(
        ["did", "create", "agent.keys", "--submitter", ready.registrar, "--json", "--insecure-devnet-hashing"],
        environment: ready.environment)
      #expect(created.status == 0, "\(created.errors)")
      #expect(start.duration(to: .now) >= .milliseconds(90))
      #expect(try workspace.text("net/node-0/node.log").contains("slowed down for a test"))
    }
    try workspace.write("* * 30\n", to: "links.txt")
    for (arguments, reason) in [
      (["devnet", "--wan", "links.txt"], "bad_profile"), (["devnet", "--wan", "uniform:x"], "bad_profile"),
      (["devnet", "--wan", "nowhere"], "unknown_profile"), (["bench", "--wan", "nowhere"], "unknown_profile"),
    ] {
      let refused = try await workspace.cairn(arguments + ["--json"])
      #expect(refused.status == 2)
      #expect(try refused.failure().error == reason)
    }
    #expect(try await workspace.cairn(["bench", "--only", "wan"]).status == 2)
  }

  @Test("Nodes do not outlive the process that started them, however it ends")
  func killed() async throws {
    let workspace = try Workspace()
    let process = CommandLineTool.process(["devnet", "--dir", "net", "--json", "--nodes", "2"], in: workspace.directory)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let line = await Devnet.line(output.fileHandleForReading)
    kill(process.processIdentifier, SIGKILL)
    await Devnet.wait(process)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let pids = try decoder.decode(Devnet.Ready.self, from: Data(line.utf8)).nodes.map(\.pid)
    #expect(pids.count == 2)
    // They are nobody's children now, so that only asking tells when they are gone.
    let deadline = ContinuousClock.now + .seconds(20)
    while pids.contains(where: Devnet.isRunning), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
    #expect(!pids.contains(where: Devnet.isRunning))
  }

  private struct Watched: Decodable {
    struct Entry: Decodable {
      let index: UInt64
    }
    let height: UInt64
    let transactions: [Entry]
  }

  @Test("The log is watched block by block until Ctrl-C, which is no failure") func watch() async throws {
    let workspace = try Workspace()
    try await Devnet.run(workspace) { ready in
      let environment = ready.environment
      let created: Created = try await workspace.cairn(
        ["did", "create", "agent.keys", "--submitter", ready.registrar, "--json", "--insecure-devnet-hashing"], environment: environment
      ).json()
      let watching = CommandLineTool.process(["log", "watch", "--after", "0", "--json"], in: workspace.directory, environment: environment)
      let output = Pipe()
      watching.standardOutput = output
      try watching.run()
      let decoder = JSONDecoder()
      var heights: [UInt64] = []
      var transactionCount = 0
      while true {
        let block = try decoder.decode(Watched.self, from: Data(await Devnet.line(output.fileHandleForReading).utf8))
        heights.append(block.height)
        transactionCount += block.transactions.count
        if block.height > created.height { break }
      }
      #expect(heights == Array(1...created.height + 1) && transactionCount == 1)
      watching.interrupt()
      await Devnet.wait(watching)
      #expect(watching.terminationReason == .exit && watching.terminationStatus == 0)
    }
    for arguments in [["--kind", "did_kreate"], ["--did", "did:cairn:x"]] {
      #expect(try await workspace.cairn(["log", "watch"] + arguments).status == 2)
    }
  }
}
