import ArgumentParser

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Make and look at encrypted key files.",
    discussion: """
      A key file holds named Ed25519 keys, encrypted under one passphrase (Argon2id, XChaCha20-Poly1305), with mode 0600. Names and \
      public keys can be read without the passphrase. A file that exists is never overwritten.
      """,
    subcommands: [KeysNew.self, KeysShow.self, KeysList.self, KeysExport.self, KeysRotate.self])
}
