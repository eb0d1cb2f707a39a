import ArgumentParser

struct SignerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "signer", abstract: "Hold a validator's consensus key in a process of its own, which signs its node's votes.",
    discussion: """
      The signer records every vote before the signature leaves it, and refuses whatever excludes one that it signed: who takes over the \
      node cannot make the validator contradict itself, nor take its key.

      1. Stop the node.
      2. cairn signer init DIRECTORY --config node.yaml moves the key and the record of what it signed; it prints what belongs into node.yaml.
      3. cairn signer run DIRECTORY, and then start the node. A node without its signer follows and serves, and does not vote.
      """,
    subcommands: [SignerInit.self, SignerRun.self, SignerStatus.self, SignerReset.self])
}

/// The names of everything in a signer's directory.
struct SignerFiles {
  /// Shown over TLS, and pinned by the node.
  static let signerKeyName = "signer"

  let directory: String

  var keys: String { directory + "/signer.keys" }
  var configuration: String { directory + "/signer.yaml" }
  var records: String { directory + "/records" }
}
