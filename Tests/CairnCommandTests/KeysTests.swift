import Foundation
import Testing

@Suite("Key files")
struct KeysTests {
  private struct Shown: Decodable {
    struct Key: Decodable {
      let name: String
      let publicKey: String
      let multibase: String
    }
    let keys: [Key]
  }

  private struct Exported: Decodable {
    let publicKey: String
    let seed: String?
  }

  @Test("A new file is private, and shows its public keys without the passphrase")
  func new() async throws {
    let workspace = try Workspace()
    let made = try await workspace.cairn(["keys", "new", "a.keys", "--name", "one", "--name", "two", "--json"] + workspace.newKeys)
    #expect(made.status == 0)
    #expect(try workspace.mode("a.keys") == 0o600)
    let shown = try await workspace.cairn("keys", "show", "a.keys", "--json").json(Shown.self)
    #expect(shown.keys.map(\.name) == ["one", "two"])
    #expect(try made.json(Shown.self).keys.map(\.publicKey) == shown.keys.map(\.publicKey))
    #expect(shown.keys.allSatisfy { $0.multibase.hasPrefix("z6Mk") && $0.publicKey.count == 64 })
  }

  @Test("A file that exists is never overwritten")
  func exists() async throws {
    let workspace = try Workspace()
    try workspace.write("precious", to: "a.keys")
    let result = try await workspace.cairn(["keys", "new", "a.keys"] + workspace.newKeys)
    #expect(result.status == 1)
    #expect(result.errors == "cairn: The key file a.keys exists already and is not overwritten: choose another path, or move it away.\n")
    #expect(try workspace.text("a.keys") == "precious")
  }

  @Test("A seed leaves the file only when it is asked for, and with the right passphrase")
  func export() async throws {
    let workspace = try Workspace()
    try await workspace.cairn(["keys", "new", "a.keys", "--name", "one"] + workspace.newKeys)
    let plain = try await workspace.cairn("keys", "export", "a.keys", "--name", "one", "--json")
    #expect(try plain.json(Exported.self).seed == nil)
    let secret = try await workspace.cairn(["keys", "export", "a.keys", "--name", "one", "--secret", "--json"] + workspace.passphrase)
    #expect(try secret.json(Exported.self).seed?.count == 64)
    #expect(try secret.json(Exported.self).publicKey == plain.json(Exported.self).publicKey)
    let environment = ["CAIRN_PASSPHRASE_FILE": workspace.path("passphrase")]
    #expect(try await workspace.cairn(["keys", "export", "a.keys", "--name", "one", "--secret"], environment: environment).status == 0)
  }

  @Test("Keys and passphrases are made anew in another file, and the old one stays")
  func rotate() async throws {
    let workspace = try Workspace()
    try await workspace.cairn(["keys", "new", "a.keys", "--name", "consensus", "--name", "node"] + workspace.newKeys)
    let old = try workspace.text("a.keys")
    try workspace.write("battery staple\n", to: "other", mode: 0o600)
    let arguments = ["keys", "rotate", "a.keys", "--json"] + workspace.newKeys
    let rotated = try await workspace.cairn(
      arguments + ["--output", "b.keys", "--name", "consensus", "--new-passphrase-file", "other"])
    #expect(rotated.status == 0, "\(rotated.errors)")
    let before = try await workspace.cairn("keys", "show", "a.keys", "--json").json(Shown.self).keys.map(\.publicKey)
    let after = try rotated.json(Shown.self).keys.map(\.publicKey)
    #expect(before[0] != after[0] && before[1] == after[1])
    #expect(try workspace.text("a.keys") == old)
    #expect(try workspace.mode("b.keys") == 0o600)
    let export = ["keys", "export", "--name", "node", "--secret", "--json"]
    let seed = try await workspace.cairn(export + ["a.keys"] + workspace.passphrase).json(Exported.self).seed
    #expect(try await workspace.cairn(export + ["b.keys", "--passphrase-file", "other"]).json(Exported.self).seed == seed)
    #expect(try await workspace.cairn(export + ["b.keys"] + workspace.passphrase).failure().error == "wrong_passphrase")
    #expect(
      try await workspace.cairn(arguments + ["--output", "c.keys", "--name", "nods"]).failure().message.contains("did you mean node?"))
    #expect(try await workspace.cairn(arguments + ["--output", "a.keys", "--name", "node"]).failure().error == "file_exists")
    #expect(try await workspace.cairn(arguments + ["--output", "c.keys"]).status == 2)
  }

  @Test("A wrong passphrase is refused in one sentence that names the file")
  func wrongPassphrase() async throws {
    let workspace = try Workspace()
    try await workspace.cairn(["keys", "new", "a.keys", "--name", "one"] + workspace.newKeys)
    try workspace.write("battery staple\n", to: "other", mode: 0o600)
    let arguments = ["keys", "export", "a.keys", "--name", "one", "--secret", "--passphrase-file", "other"]
    let result = try await workspace.cairn(arguments)
    #expect(result.status == 1)
    #expect(result.output.isEmpty)
    #expect(result.errors == "cairn: The passphrase does not open a.keys: it is the wrong one, or the file was changed.\n")
    #expect(try await workspace.cairn(arguments + ["--json"]).failure().error == "wrong_passphrase")
  }

  @Test("Missing files, unknown names and files of another kind are named")
  func refusals() async throws {
    let workspace = try Workspace()
    let missing = try await workspace.cairn("keys", "show", "none.keys")
    #expect(missing.status == 1)
    #expect(missing.errors == "cairn: The key file none.keys does not exist: check the path.\n")
    try await workspace.cairn(["keys", "new", "a.keys", "--name", "consensus"] + workspace.newKeys)
    let name = try await workspace.cairn("keys", "export", "a.keys", "--name", "consensu")
    #expect(name.errors == "cairn: a.keys has no key named consensu: did you mean consensus?\n")
    #expect(try await workspace.cairn("keys", "show", "passphrase", "--json").failure().error == "key_file_malformed")
    #expect(try await workspace.cairn(["keys", "new", "b.keys", "--name", "a b"] + workspace.newKeys).status == 2)
    #expect(try await workspace.cairn(["keys", "new", "b.keys", "--name", "a", "--name", "a"] + workspace.newKeys).status == 2)
    try workspace.write("\n", to: "empty")
    let empty = try await workspace.cairn("keys", "new", "b.keys", "--passphrase-file", "empty", "--json")
    #expect(try empty.failure().error == "empty_passphrase")
  }

  @Test("A directory's key files are listed")
  func list() async throws {
    let workspace = try Workspace()
    #expect(try await workspace.cairn("keys", "list").output == "No key files (*.keys) in ..\n")
    try await workspace.cairn(["keys", "new", "a.keys", "--name", "one"] + workspace.newKeys)
    #expect(try await workspace.cairn("keys", "list").output == "a.keys  1 keys: one\n")
  }
}
