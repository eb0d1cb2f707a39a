import ArgumentParser
import CairnChain
import CairnLedger
import Foundation

struct NodeCheckConfig: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config", abstract: "Check everything that a node's configuration names, and print what is in effect.",
    discussion: """
      Files exist and are private, the passphrase opens the keys, the keys are those of a validator in the genesis, addresses parse \
      and their ports are free. All problems are listed, not only the first.
      """)

  @OptionGroup var options: NodeOptions
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var output: OutputOptions

  private struct Checked: Encodable {
    struct Effective: Encodable {
      let name: String
      let value: String
      let source: String
    }
    struct Problem: Encodable {
      let reason: String
      let message: String
    }
    let isValid: Bool
    let validator: String?
    let fingerprint: String?
    let settings: [Effective]
    let problems: [Problem]
  }

  func run() throws {
    let settings = try options.settings()
    var problems: [CommandFailure] = []
    var prepared: PreparedNode?
    switch PreparedNode.prepare(settings, passphrase: { path throws(CommandFailure) in try passphrase.node(settings, for: path) }) {
    case .success(let node):
      prepared = node
      problems = Self.listenerProblems(node.listeners, settings)
    case .failure(let failure): problems = failure.problems
    }
    let effective = Self.effective(settings)
    output.print(
      Checked(
        isValid: problems.isEmpty, validator: prepared?.name, fingerprint: prepared?.genesis.fingerprint,
        settings: effective.map { Checked.Effective(name: $0.name, value: $0.value, source: $0.source) },
        problems: problems.map { Checked.Problem(reason: $0.reason, message: $0.description) }),
      text: Self.text(effective, prepared, problems))
    if !problems.isEmpty { throw ExitCode(CommandFailure.Status.refused.rawValue) }
  }

  private typealias Row = (name: String, value: String, source: String)

  private static func effective(_ settings: NodeSettings) -> [Row] {
    var rows: [Row] = []
    for setting in Setting.allCases {
      guard let value = settings[setting] else { continue }
      rows.append((setting.rawValue, value.text, value.source.description))
    }
    for (name, value) in settings.peers.sorted(by: { $0.key < $1.key }) {
      rows.append((Setting.peerPrefix + name, value.text, value.source.description))
    }
    return rows
  }

  private static func text(_ effective: [Row], _ node: PreparedNode?, _ problems: [CommandFailure]) -> String {
    var text = Output.table(effective.map { ($0.name, "\($0.value)  (\($0.source))") }) + "\n\n"
    if let node, problems.isEmpty {
      text +=
        "The configuration is valid: \(node.isInGenesis ? "validator" : "node") \(node.name) of the network with fingerprint \(node.genesis.fingerprint)."
      if !node.isInGenesis { text += " The genesis does not know its keys: it follows, and votes once the network has taken it in." }
    } else {
      text += (["\(problems.count) problem\(problems.count == 1 ? "" : "s"):"] + problems.map { "  \($0)" }).joined(separator: "\n")
    }
    return text
  }

  private static func listenerProblems(_ listeners: PreparedNode.Listeners, _ settings: NodeSettings) -> [CommandFailure] {
    listeners.all.compactMap { setting, address in
      guard let problem = PortCheck.problem(listeningOn: address) else { return nil }
      return .refused(
        "listener",
        "\(settings.source(setting)): \(setting.rawValue) \(address) cannot be listened on (\(problem)): change it, or stop what uses it.")
    }
  }
}

extension PassphraseOptions {
  /// The passphrase of a node's keys: the command line first, then what the settings name.
  func node(_ settings: NodeSettings, for path: String) throws(CommandFailure) -> [UInt8] {
    if file == nil, descriptor == nil, let file = settings[.passphraseFile]?.text { return try Passphrase.read(file) }
    return try existing(for: path)
  }
}
