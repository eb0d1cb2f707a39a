import ArgumentParser
import CairnChain
import CairnLedger

struct GenesisVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check a sealed genesis: that it is the template's, and that your entry is in it as you signed it.",
    discussion: """
      With the entries of all operators the genesis is sealed again and compared byte for byte. With --fingerprint the short \
      fingerprint is compared with what the other operators told you.
      """)

  @Argument(help: "The genesis file.", completion: .file()) var file: String
  @Option(help: "The template that all operators agreed on.", completion: .file(extensions: ["yaml"])) var template: String
  @Option(name: .customLong("entry"), help: "An entry that must be in it; several times for several.", completion: .file())
  var entries: [String]
  @Option(help: "The fingerprint that the other operators see.") var fingerprint: String?
  @OptionGroup var output: OutputOptions

  private struct Verified: Encodable {
    let file: String
    let fingerprint: String
    let entries: Int
    let isComplete: Bool
  }

  func run() throws {
    let genesis = try GenesisFiles.readGenesis(file)
    let agreed = try TemplateFile.read(template)
    guard genesis.name == agreed.name, genesis.timeMilliseconds == agreed.timeMilliseconds, genesis.parameters == agreed.parameters,
      genesis.constitution == agreed.constitution
    else {
      throw CommandFailure.refused(
        "other_template",
        "\(file) was not sealed from the template \(template): name, time, parameters or constitution differ; ask who sealed it.")
    }
    for path in entries { try check(path, in: genesis, agreed) }
    let isComplete = entries.count == genesis.validators.count
    if isComplete, try GenesisSeal.seal(entries, for: agreed).bytes != genesis.bytes {
      throw CommandFailure.refused("other_genesis", "\(file) is not what these entries seal to: do not start a node from it.")
    }
    if let fingerprint, fingerprint != genesis.fingerprint {
      throw CommandFailure.refused(
        "other_fingerprint",
        "\(file) has the fingerprint \(genesis.fingerprint), not \(fingerprint): the operators do not have the same genesis.")
    }
    output.print(
      Verified(file: file, fingerprint: genesis.fingerprint, entries: entries.count, isComplete: isComplete),
      text: isComplete
        ? "\(file) is exactly what these \(entries.count) entries seal to; fingerprint \(genesis.fingerprint)."
        : "\(file) has \(entries.count) of its \(genesis.validators.count) validators as these entries say; fingerprint \(genesis.fingerprint)."
    )
  }

  private func check(_ path: String, in genesis: Genesis, _ agreed: GenesisTemplate) throws(CommandFailure) {
    let entry = try GenesisFiles.readEntry(path, for: agreed).1
    guard genesis.validators.validators.contains(entry.validator) else {
      throw .refused(
        "entry_missing", "\(file) does not have the validator \(entry.validator.name) as \(path) says: do not start a node from it.")
    }
    let position = genesis.identities.firstIndex { $0.kind == .didCreate(entry.identity) }
    guard let position, genesis.roles[position] == entry.roles else {
      throw .refused(
        "entry_missing",
        "\(file) does not have the identity of \(entry.validator.name) with its roles as \(path) says: do not start a node from it.")
    }
  }
}
