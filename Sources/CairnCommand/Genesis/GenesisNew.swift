import ArgumentParser
import CairnCrypto
import CairnLedger
import Foundation

struct GenesisNew: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Write a genesis template: what the operators of a network agree on first.")

  @Argument(help: "The template to make.", completion: .file(extensions: ["yaml"])) var file: String
  @Option(help: "Name of the network, for people and logs.") var name: String
  @Option(help: "Time of the first block, for example 2026-01-31T12:00:00Z; otherwise now.") var time: String?
  @Option(help: "An idle network seals an empty block after so many milliseconds.")
  var heartbeatMs = Parameters().heartbeatMilliseconds
  @Option(help: "Trustees that must approve a decision of governance.") var trusteeThreshold = Parameters().trusteeThreshold
  @Option(
    help: "Who may do what: a file of Cedar policies, named from the template's folder, or \(ConstitutionFile.standardName).",
    completion: .file(extensions: ["cedar"]))
  var constitution = ConstitutionFile.standardName
  @OptionGroup var output: OutputOptions

  private struct Made: Encodable {
    let template: String
    let name: String
    let fingerprint: String
    let constitution: String
  }

  func run() throws {
    var parameters = Parameters()
    parameters.heartbeatMilliseconds = heartbeatMs
    parameters.trusteeThreshold = trusteeThreshold
    let template: GenesisTemplate
    let agreed = try ConstitutionFile.read(constitution, beside: file)
    do {
      template = try GenesisTemplate(
        name: name, timeMilliseconds: try timeMilliseconds(), parameters: parameters, constitution: agreed)
    } catch let error as GenesisError {
      throw GenesisSentence.failure(error, "the template")
    }
    try Files.create(file, "genesis template", Array(TemplateFile.text(template, constitution: constitution).utf8))
    output.print(
      Made(template: file, name: name, fingerprint: template.fingerprint, constitution: agreed.hash.description),
      text: """
        Wrote the template \(file), fingerprint \(template.fingerprint).
        Send it to all operators; each of them runs: cairn genesis join --template \(file) ...
        """)
  }

  /// Whole seconds, as the file has it.
  private func timeMilliseconds() throws -> UInt64 {
    guard let time else { return UInt64(Date().timeIntervalSince1970) * 1_000 }
    guard let date = try? Date(time, strategy: .iso8601), date.timeIntervalSince1970 >= 0 else {
      throw CommandFailure.usage("bad_value", "\(time) is not a time of the form 2026-01-31T12:00:00Z.")
    }
    return UInt64(date.timeIntervalSince1970) * 1_000
  }
}
