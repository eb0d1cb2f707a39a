import ArgumentParser
import CairnCrypto

struct KeysRotate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Make a new key file from an old one: with new keys, a new passphrase, or both.",
    discussion: """
      The old file stays as it is: its keys are needed until the change has taken effect. A validator's keys change by governance \
      (governance propose rekey-validator WALLET NAME NEW-FILE), a DID's with did rotate; a new passphrase takes effect with the new file.
      """)

  @Argument(help: "The key file.", completion: .file()) var file: String
  @Option(help: "The file to make.", completion: .file(extensions: ["keys"])) var output: String
  @Option(name: .customLong("name"), help: "Name of a key to make anew; may be given several times. All others are kept.")
  var names: [String] = []
  @Option(help: "File with the passphrase of the new file; the default is that of the old one.", completion: .file())
  var newPassphraseFile: String?
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var hashing: HashingOptions
  @OptionGroup var shown: OutputOptions

  func validate() throws {
    if names.isEmpty, newPassphraseFile == nil { throw ValidationError("Give --name, --new-passphrase-file, or both.") }
  }

  func run() throws {
    let old = try KeyFiles.load(file)
    for name in names where !old.entries.contains(where: { $0.name == name }) {
      let nearest = NearestName.nearest(to: name, in: old.entries.map(\.name))
      throw CommandFailure.refused(
        "unknown_key_name", "\(file) has no key named \(name)" + (nearest.map { ": did you mean \($0)?" } ?? "."))
    }
    try KeyFiles.requireAbsent(output)
    let secret = try passphrase.existing(for: file)
    let keys = try KeyFiles.decrypt(old, at: file, passphrase: secret)
    let rotated = keys.map { names.contains($0.name) ? (name: $0.name, key: SigningKey.generate()) : $0 }
    let newSecret = if let newPassphraseFile { try Passphrase.read(newPassphraseFile) } else { secret }
    let made = try KeyFiles.encrypt(rotated, passphrase: newSecret, hashing: hashing.hashing, for: output)
    try KeyFiles.create(output, made)
    KeysShow.show(made, at: output, shown)
  }
}
