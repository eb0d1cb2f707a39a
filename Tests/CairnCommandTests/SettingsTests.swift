import Testing

@testable import CairnCommand

@Suite("Configuration")
struct SettingsTests {
  private func settings(
    _ yaml: String?, environment: [String: String] = [:], overrides: [String] = []
  ) throws -> NodeSettings {
    let workspace = try Workspace()
    if let yaml { try workspace.write(yaml, to: "node.yaml") }
    return try NodeSettings(file: yaml == nil ? nil : workspace.path("node.yaml"), environment: environment, overrides: overrides)
  }

  private func failure(_ yaml: String?, overrides: [String] = []) throws -> CommandFailure {
    try #require(throws: CommandFailure.self) { _ = try settings(yaml, overrides: overrides) }
  }

  @Test("The command line comes before the environment, that before the file, that before the default")
  func precedence() throws {
    let yaml = "log:\n  level: debug\nlisten:\n  peers: 10.0.0.1:1\n"
    #expect(try settings(nil)[.logLevel] == NodeSettings.Value(text: "info", source: .defaultValue))
    #expect(try settings(yaml)[.logLevel]?.text == "debug")
    #expect(try settings(yaml)[.logLevel]?.source.description.hasSuffix("node.yaml:2") == true)
    let environment = ["CAIRN_LOG_LEVEL": "error", "CAIRN_TIMERS_LEADER_MS": "7"]
    #expect(try settings(yaml, environment: environment)[.logLevel] == .init(text: "error", source: .environment("CAIRN_LOG_LEVEL")))
    #expect(try settings(yaml, environment: environment)[.leaderMilliseconds]?.text == "7")
    let all = try settings(yaml, environment: environment, overrides: ["log.level=trace"])
    #expect(all[.logLevel] == .init(text: "trace", source: .commandLine))
    #expect(all[.listenPeers]?.text == "10.0.0.1:1")
  }

  @Test("Paths in a file are relative to it, others to the working directory")
  func paths() throws {
    let read = try settings("genesis: ../genesis.cairn\nkeys: /etc/node.keys\n", environment: ["CAIRN_DATA": "data"])
    #expect(read[.genesis]?.text.hasSuffix("/../genesis.cairn") == true)
    #expect(read[.genesis]?.text.hasPrefix("/") == true)
    #expect(read[.keys]?.text == "/etc/node.keys")
    #expect(read[.data]?.text == "data")
    #expect(try settings(nil)[.genesis]?.text == "genesis.cairn")
  }

  @Test(
    "An unknown key names the nearest known one and its line",
    arguments: [
      ("listen:\n  peers: a:1\n  cleints: a:2\n", ":3: listen.cleints is not a known key: did you mean listen.clients?"),
      ("genessis: x\n", ":1: genessis is not a known key: did you mean genesis?"),
      ("log:\n  lvel: info\n", ":2: log.lvel is not a known key: did you mean log.level?"),
      ("passphrase: secret\n", ":1: passphrase is not a known key: did you mean passphrase_file?"),
    ])
  func unknown(_ yaml: String, _ ending: String) throws {
    let failure = try failure(yaml)
    #expect(failure.reason == "unknown_key")
    #expect(failure.description.hasSuffix(ending), "\(failure)")
  }

  @Test("An unknown name on the command line is wrong usage")
  func unknownOverride() throws {
    #expect(try failure(nil, overrides: ["log.levle=info"]).description.hasSuffix("did you mean log.level?"))
    #expect(try failure(nil, overrides: ["log.levle=info"]).status == .usage)
    #expect(try failure(nil, overrides: ["log.level"]).reason == "bad_override")
  }

  @Test(
    "What is not names and values is refused",
    arguments: ["- a\n- b\n", "genesis: [a]\n", "genesis: a\ngenesis: b\n", "listen: {peers: a:1\n", "genesis:\n", "just text\n"])
  func malformed(_ yaml: String) throws {
    #expect(try failure(yaml).status == .refused)
  }

  @Test("An empty file leaves the defaults")
  func empty() throws {
    #expect(try settings("")[.logLevel]?.text == "info")
    #expect(try settings("# nothing\n")[.listenPeers]?.text == "0.0.0.0:7400")
  }

  @Test("The configuration that is generated sets only known keys, to valid values")
  func generated() throws {
    let text = ConfigurationText.node(
      name: "alpha", peerAddress: "alpha.example:7000", clientAddress: "alpha.example:7001", passphraseFile: "/run/it's")
    let read = try settings(text)
    #expect(read[.listenPeers]?.text == "0.0.0.0:7000")
    #expect(read[.listenClients]?.text == "0.0.0.0:7001")
    #expect(read[.passphraseFile]?.text == "/run/it's")
    // What is commented out, without a space after the mark or as a member with two, is known too.
    let lines = text.split(separator: "\n").map { line in
      line.hasPrefix("#") && !(line.hasPrefix("# ") && !line.hasPrefix("#  ")) && line != "#" ? line.dropFirst() : line
    }
    let everything = try settings(lines.joined(separator: "\n"))
    #expect(everything[.standstillMilliseconds]?.source.description.contains("node.yaml") == true)
    #expect(everything.peers["other-validator"]?.text == "10.0.0.2:7400")
  }

  @Test("Names are compared by edits, swaps included")
  func distance() {
    #expect(NearestName.distance(Array("peers".utf8), Array("peers".utf8)) == 0)
    #expect(NearestName.distance(Array("peres".utf8), Array("peers".utf8)) == 1)
    #expect(NearestName.distance(Array("".utf8), Array("abc".utf8)) == 3)
    #expect(NearestName.nearest(to: "a", in: []) == nil)
  }
}
