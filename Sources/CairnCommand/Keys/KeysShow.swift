import ArgumentParser
import CairnCrypto

struct KeysShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the names and public keys in a key file; needs no passphrase.")

  @Argument(help: "The key file.", completion: .file()) var file: String
  @OptionGroup var output: OutputOptions

  func run() throws { Self.show(try KeyFiles.load(file), at: file, output) }

  struct Shown: Encodable {
    let file: String
    let keys: [ShownKey]
  }

  static func show(_ keys: KeyFile, at path: String, _ output: OutputOptions) {
    let shown = Shown(file: path, keys: keys.entries.map(ShownKey.init))
    output.print(shown, text: Output.table(shown.keys.map { ($0.name, "\($0.publicKey)  \($0.multibase)") }))
  }
}
