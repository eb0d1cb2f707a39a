import ArgumentParser
import CairnCrypto

struct KeysExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Print one key: its public half, and only when asked for its secret seed.")

  @Argument(help: "The key file.", completion: .file()) var file: String
  @Option(help: "Name of the key.") var name: String
  @Flag(help: "Print the secret seed, which whoever has it can sign with; needs the passphrase.") var secret = false
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var output: OutputOptions

  private struct Exported: Encodable {
    let name: String
    let publicKey: String
    let multibase: String
    let seed: String?
  }

  func run() throws {
    let keys = try KeyFiles.load(file)
    guard let position = keys.entries.firstIndex(where: { $0.name == name }) else {
      let nearest = NearestName.nearest(to: name, in: keys.entries.map(\.name))
      throw CommandFailure.refused(
        "unknown_key_name", "\(file) has no key named \(name)" + (nearest.map { ": did you mean \($0)?" } ?? "."))
    }
    let shown = ShownKey(keys.entries[position])
    let seed = secret ? Hex.encode(try decrypt(keys)[position].key.seed) : nil
    output.print(
      Exported(name: shown.name, publicKey: shown.publicKey, multibase: shown.multibase, seed: seed), text: seed ?? shown.multibase)
  }

  private func decrypt(_ keys: KeyFile) throws(CommandFailure) -> [(name: String, key: SigningKey)] {
    try KeyFiles.decrypt(keys, at: file, passphrase: try passphrase.existing(for: file))
  }
}
