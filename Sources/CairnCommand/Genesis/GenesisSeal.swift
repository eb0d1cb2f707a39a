import ArgumentParser
import CairnChain
import CairnLedger

struct GenesisSeal: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seal", abstract: "Seal the entries of all operators into the genesis; the same entries give the same bytes.")

  @Option(help: "The template that all operators agreed on.", completion: .file(extensions: ["yaml"])) var template: String
  @Option(help: "The genesis file to make.", completion: .file()) var output = "genesis.cairn"
  @Argument(help: "The entries of all operators, in any order.", completion: .file(extensions: ["entry"])) var entries: [String]
  @OptionGroup var format: OutputOptions

  func run() throws {
    let agreed = try TemplateFile.read(template)
    let genesis = try Self.seal(entries, for: agreed)
    try GenesisFiles.writeGenesis(genesis, to: output)
    format.print(
      ShownGenesis(genesis, file: output),
      text: """
        Sealed \(genesis.validators.count) validators into \(output).
        Fingerprint \(genesis.fingerprint): every operator must see the same one.
        """)
  }

  static func seal(_ paths: [String], for template: GenesisTemplate) throws(CommandFailure) -> Genesis {
    var signed: [SignedGenesisEntry] = []
    for path in paths { signed.append(try GenesisFiles.readEntry(path, for: template).0) }
    do { return try template.seal(signed) } catch { throw GenesisSentence.failure(error, "the genesis of these entries") }
  }
}
