import Foundation
import Testing

@Suite("The genesis ceremony")
struct GenesisTests {
  private struct Sealed: Decodable {
    let fingerprint: String
    let network: String
  }

  /// A template and these operators, each in its own directory.
  static func ceremony(_ names: [String], in workspace: Workspace) async throws {
    let template = try await workspace.cairn("genesis", "new", "template.yaml", "--name", "test", "--time", "2026-01-31T12:00:00Z")
    #expect(template.status == 0, "\(template.errors)")
    for (index, name) in names.enumerated() {
      let joined = try await workspace.cairn(
        [
          "genesis", "join", "--template", "template.yaml", "--name", name, "--directory", name,
          "--peer-address", "\(name).example:7400", "--client-address", "\(name).example:\(7401 + index)",
        ] + workspace.newKeys)
      #expect(joined.status == 0, "\(joined.errors)")
    }
  }

  private func seal(_ names: [String], to output: String, in workspace: Workspace) async throws -> CommandLineTool.Result {
    let entries = names.map { "\($0)/\($0).entry" }
    return try await workspace.cairn(["genesis", "seal", "--template", "template.yaml", "--output", output, "--json"] + entries)
  }

  @Test("The order of the entries does not matter, and each operator finds its own in")
  func order() async throws {
    let workspace = try Workspace()
    try await Self.ceremony(["alpha", "beta", "gamma"], in: workspace)
    let first = try await seal(["alpha", "beta", "gamma"], to: "first.cairn", in: workspace).json(Sealed.self)
    let second = try await seal(["gamma", "alpha", "beta"], to: "second.cairn", in: workspace).json(Sealed.self)
    #expect(first.network == second.network)
    #expect(try workspace.text("first.cairn") == workspace.text("second.cairn"))
    let verify = ["genesis", "verify", "first.cairn", "--template", "template.yaml", "--entry", "beta/beta.entry"]
    #expect(try await workspace.cairn(verify + ["--fingerprint", first.fingerprint]).status == 0)
    let other = try await workspace.cairn(verify + ["--fingerprint", "aaaa-bbbb-cccc-dddd", "--json"])
    #expect(other.status == 1)
    #expect(try other.failure().error == "other_fingerprint")
    let all = ["alpha", "gamma"].flatMap { ["--entry", "\($0)/\($0).entry"] }
    #expect(try await workspace.cairn(verify + all).output.contains("exactly what these 3 entries seal to"))
    #expect(try await workspace.cairn("genesis", "show", "first.cairn").output.contains("quorum        3 of 3 validators"))
  }

  @Test("After the template changed, an entry is signed again with the keys that are there")
  func signAgain() async throws {
    let workspace = try Workspace()
    try await Self.ceremony(["alpha", "beta"], in: workspace)
    try await workspace.cairn("genesis", "new", "changed.yaml", "--name", "test", "--time", "2026-02-01T12:00:00Z")
    let seal = { (entries: [String]) in
      try await workspace.cairn(["genesis", "seal", "--template", "changed.yaml", "--output", "\(UUID()).cairn", "--json"] + entries)
    }
    #expect(try await seal(["alpha/alpha.entry", "beta/beta.entry"]).status == 1)
    for name in ["alpha", "beta"] {
      let signed = try await workspace.cairn(
        [
          "genesis", "sign", "\(name)/\(name).entry", "--template", "changed.yaml", "--keys", "\(name)/node.keys",
          "--wallet", "\(name)/operator.keys", "--output", "\(name).entry", "--json",
        ] + workspace.passphrase)
      #expect(signed.status == 0, "\(signed.errors)")
    }
    let sealed = try await seal(["alpha.entry", "beta.entry"])
    #expect(sealed.status == 0, "\(sealed.errors)")
    let sign =
      ["genesis", "sign", "alpha/alpha.entry", "--template", "changed.yaml", "--output", "c.entry", "--json"] + workspace.passphrase
    for (keys, wallet) in [("beta", "alpha"), ("alpha", "beta")] {
      let refused = try await workspace.cairn(sign + ["--keys", "\(keys)/node.keys", "--wallet", "\(wallet)/operator.keys"])
      #expect(try refused.failure().error == "missing_keys")
    }
  }

  @Test("Secrets are private, and the entry has none of them")
  func secrets() async throws {
    let workspace = try Workspace()
    try await Self.ceremony(["alpha"], in: workspace)
    #expect(try workspace.mode("alpha/node.keys") == 0o600)
    #expect(try workspace.mode("alpha/operator.keys") == 0o600)
    let again = try await workspace.cairn(
      [
        "genesis", "join", "--template", "template.yaml", "--name", "alpha", "--directory", "alpha", "--peer-address", "a:1",
        "--client-address", "a:2", "--json",
      ] + workspace.newKeys)
    #expect(try again.failure().error == "file_exists")
  }

  @Test("An entry that was changed, or made for another template, is refused")
  func tampering() async throws {
    let workspace = try Workspace()
    try await Self.ceremony(["alpha", "beta"], in: workspace)
    let entry = try workspace.text("beta/beta.entry")
    let lines = entry.split(separator: "\n", omittingEmptySubsequences: false)
    let begin = try #require(lines.firstIndex { $0.hasPrefix("-----BEGIN") })
    // The port of the peer address, in the second line of Base64 or beyond: any byte will do.
    var changed = lines.map(String.init)
    let line = Array(changed[begin + 4])
    changed[begin + 4] = String(line[..<10]) + (line[10] == "A" ? "B" : "A") + String(line[11...])
    try workspace.write(changed.joined(separator: "\n"), to: "beta/beta.entry")
    #expect(try await seal(["alpha", "beta"], to: "genesis.cairn", in: workspace).status == 1)

    try workspace.write(entry, to: "beta/beta.entry")
    try workspace.write(workspace.text("template.yaml").replacing("heartbeat_ms: 5000", with: "heartbeat_ms: 5001"), to: "template.yaml")
    let other = try await seal(["alpha", "beta"], to: "genesis.cairn", in: workspace)
    #expect(other.status == 1)
    #expect(try other.failure().error == "bad_entry_signature")
    #expect(try other.failure().message.contains("made for another template"))
    #expect(!FileManager.default.fileExists(atPath: workspace.path("genesis.cairn")))
  }

  @Test("A genesis without one's own entry, or from another template, does not verify")
  func missingEntry() async throws {
    let workspace = try Workspace()
    try await Self.ceremony(["alpha", "beta"], in: workspace)
    #expect(try await seal(["alpha"], to: "genesis.cairn", in: workspace).status == 0)
    let verify = ["genesis", "verify", "genesis.cairn", "--template", "template.yaml", "--json", "--entry"]
    let missing = try await workspace.cairn(verify + ["beta/beta.entry"])
    #expect(missing.status == 1)
    #expect(try missing.failure().error == "entry_missing")
    try workspace.write(workspace.text("template.yaml").replacing("'test'", with: "'other'"), to: "template.yaml")
    #expect(try await workspace.cairn(verify + ["alpha/alpha.entry"]).failure().error == "other_template")
  }

  @Test("Files are told apart, and damage is named")
  func files() async throws {
    let workspace = try Workspace()
    try await Self.ceremony(["alpha"], in: workspace)
    let entry = try await workspace.cairn("genesis", "show", "alpha/alpha.entry")
    #expect(entry.errors == "cairn: alpha/alpha.entry is a genesis entry, not a genesis file: give the right file.\n")
    #expect(try await seal(["alpha"], to: "genesis.cairn", in: workspace).status == 0)
    try workspace.write(workspace.text("genesis.cairn").replacing("-----END", with: "?\n-----END"), to: "damaged.cairn")
    #expect(try await workspace.cairn("genesis", "show", "damaged.cairn", "--json").failure().error == "malformed_file")
    #expect(try await workspace.cairn("genesis", "show", "template.yaml", "--json").failure().error == "malformed_file")
    #expect(try await workspace.cairn("genesis", "anchor", "genesis.cairn", "anchor.json").status == 0)
    #expect(try workspace.text("anchor.json").contains("\"height\" : 0"))
  }

  @Test("The development template in the repository can be joined")
  func development() async throws {
    let workspace = try Workspace()
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let template = root.appendingPathComponent("genesis/development.yaml").path
    let joined = try await workspace.cairn(
      [
        "genesis", "join", "--template", template, "--name", "alpha", "--peer-address", "a.example:1", "--client-address", "a.example:2",
      ] + workspace.newKeys)
    #expect(joined.status == 0, "\(joined.errors)")
    let sealed = try await workspace.cairn("genesis", "seal", "--template", template, "alpha.entry", "--json")
    #expect(sealed.status == 0, "\(sealed.errors)")
  }

  @Test("A template's unknown or missing key is an error with its line")
  func template() async throws {
    let workspace = try Workspace()
    try await Self.ceremony([], in: workspace)
    let join = ["genesis", "join", "--template", "bad.yaml", "--name", "a", "--peer-address", "a:1", "--client-address", "a:2"]
    let text = try workspace.text("template.yaml")
    try workspace.write("tiem: now\n" + text, to: "bad.yaml")
    #expect(
      try await workspace.cairn(join + workspace.newKeys).errors
        == "cairn: bad.yaml:1: tiem is not a known key: did you mean time?\n")
    try workspace.write(text.replacing("  heartbeat_ms: 5000\n", with: ""), to: "bad.yaml")
    #expect(try await workspace.cairn(join + workspace.newKeys + ["--json"]).failure().error == "missing_key")
  }
}
