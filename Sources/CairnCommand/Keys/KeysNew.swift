import ArgumentParser
import CairnCrypto

struct KeysNew: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "new", abstract: "Make a key file with new random keys.")

  @Argument(help: "The file to make.", completion: .file()) var file: String
  @Option(name: .customLong("name"), help: "Name of a key; may be given several times.") var names: [String] = ["key-1"]
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var hashing: HashingOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    for (index, name) in names.enumerated() {
      try KeyFiles.checkName(name)
      if names[..<index].contains(name) { throw CommandFailure.usage("bad_key_name", "The key name \(name) is given twice.") }
    }
    try KeyFiles.requireAbsent(file)
    let secret = try passphrase.new(for: file)
    let keys = names.map { (name: $0, key: SigningKey.generate()) }
    let made = try KeyFiles.encrypt(keys, passphrase: secret, hashing: hashing.hashing, for: file)
    try KeyFiles.create(file, made)
    KeysShow.show(made, at: file, output)
  }
}
