import ArgumentParser
import CairnChain
import CairnCrypto
import CairnLedger

struct GenesisSign: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign this operator's entry again, after the operators changed the template.",
    discussion: """
      The entry keeps its contents and its keys, so that nothing else has to be made anew: name, addresses, roles and the operator's DID stay. \
      Its old signatures, for the old template, are worth nothing any more.
      """)

  @Argument(help: "The entry, as genesis join made it.", completion: .file(extensions: ["entry"])) var entry: String
  @Option(help: "The template that all operators have now agreed on.", completion: .file(extensions: ["yaml"])) var template: String
  @Option(help: "The node's key file.", completion: .file(extensions: ["keys"])) var keys = "node.keys"
  @Option(help: "The operator's wallet.", completion: .file(extensions: ["keys"])) var wallet = "operator.keys"
  @Option(help: "Where to write the new entry.", completion: .file(extensions: ["entry"])) var output: String
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var shown: OutputOptions

  private struct Signed: Encodable {
    let name: String
    let entry: String
    let templateFingerprint: String
  }

  func run() throws {
    let template = try TemplateFile.read(template)
    let contents: GenesisEntry
    do { contents = try GenesisFiles.readEntry(entry).contents() } catch let error as GenesisError {
      throw GenesisSentence.failure(error, "the entry \(entry)")
    }
    let validator = contents.validator
    let nodeKeys = try decrypt(keys)
    let consensusKey = try find(validator.consensusKey, in: nodeKeys, of: keys, "consensus")
    let nodeKey = try find(validator.nodeKey, in: nodeKeys, of: keys, "node")
    let updateKeys = Set(contents.identity.control.update.map(\.key))
    let identityKeys = try decrypt(wallet).filter { updateKeys.contains($0.publicKey) }
    let signed = contents.signed(for: template, consensusKey: consensusKey, nodeKey: nodeKey, identityKeys: identityKeys)
    do { _ = try signed.verify(for: template) } catch {
      throw CommandFailure.refused(
        "missing_keys",
        "\(wallet) does not have enough update keys of the operator's DID in \(entry): give the wallet that join made with it.")
    }
    try GenesisFiles.writeEntry(signed, of: contents, for: .template(template), to: output)
    shown.print(
      Signed(name: validator.name, entry: output, templateFingerprint: template.fingerprint),
      text: "Signed the entry of \(validator.name) for the template with fingerprint \(template.fingerprint): send \(output) to the others."
    )
  }

  private func decrypt(_ path: String) throws(CommandFailure) -> [SigningKey] {
    let file = try KeyFiles.load(path)
    return try KeyFiles.decrypt(file, at: path, passphrase: try passphrase.existing(for: path)).map(\.key)
  }

  private func find(_ key: PublicKey, in keys: [SigningKey], of path: String, _ name: String) throws(CommandFailure) -> SigningKey {
    guard let found = keys.first(where: { $0.publicKey == key }) else {
      throw .refused("missing_keys", "\(path) does not have the \(name) key of \(entry): give the key file that join made with it.")
    }
    return found
  }
}
