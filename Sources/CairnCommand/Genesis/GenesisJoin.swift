import ArgumentParser
import CairnLedger
import Foundation

struct GenesisJoin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join",
    abstract: "Join a network that is being started, or one that runs: make this operator's keys, entry and configuration.",
    discussion: """
      Writes into the directory:
        node.keys      the node's consensus and TLS keys, encrypted
        operator.keys  the wallet of the operator's own DID, encrypted under the same passphrase
        NAME.entry     what to send to the other operators: public, and signed by all of these keys
        node.yaml      the node's configuration, commented
      With --genesis instead of --template it is a network that runs: the entry is what its trustees propose with governance propose \
      add-validator, and the genesis file is copied beside the others.
      The key files never leave this host.
      """)

  @Option(help: "The template that all operators agreed on.", completion: .file(extensions: ["yaml"])) var template: String?
  @Option(help: "The genesis of a network that runs.", completion: .file(extensions: ["cairn"])) var genesis: String?
  @Option(help: "Name of this validator: up to 32 of a-z, 0-9 and '-'.") var name: String
  @Option(help: "host:port at which the other validators reach this node.") var peerAddress: String
  @Option(help: "host:port at which clients reach this node.") var clientAddress: String
  @Option(
    name: .customLong("role"),
    help: "Role of the operator's DID: \(Role.allCases.map(\.name).joined(separator: ", ")); several times for several.")
  var roles: [String] = ["trustee", "operator", "registrar", "issuer", "guardian"]
  @Option(help: "Where to write the files; made when it is not there.", completion: .directory) var directory = "."
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var hashing: HashingOptions
  @OptionGroup var output: OutputOptions

  private struct Joined: Encodable {
    let name: String
    let entry: String
    let keys: String
    let wallet: String
    let configuration: String
    /// Of a network that is being started.
    let templateFingerprint: String?
    /// Of one that runs.
    let genesisFingerprint: String?
  }

  func validate() throws {
    guard (template == nil) != (genesis == nil) else {
      throw ValidationError("Give --template for a network that is being started, or --genesis for one that runs.")
    }
  }

  private func network() throws(CommandFailure) -> JoinedNetwork {
    if let genesis { return .running(try GenesisFiles.readGenesis(genesis)) }
    return .template(try TemplateFile.read(template ?? ""))
  }

  func run() throws {
    let network = try network()
    let files = OperatorFiles(directory: directory, name: name)
    try Files.makeDirectory(directory)
    try files.requireAbsent()
    let operatorPart = try OperatorEntry(
      name: name, peerAddress: peerAddress, clientAddress: clientAddress, roles: try parseRoles(), for: network)
    let secret = try passphrase.new(for: files.keys + " and " + files.wallet)
    try files.write(
      operatorPart, for: network, passphrase: secret, hashing: hashing.hashing,
      configuration: ConfigurationText.node(
        name: name, peerAddress: peerAddress, clientAddress: clientAddress, isNewcomer: network.isRunning,
        passphraseFile: passphrase.file.map(Self.absolute)))
    if case .running(let genesis) = network, !Files.exists(files.genesis) { try GenesisFiles.writeGenesis(genesis, to: files.genesis) }
    output.print(
      Joined(
        name: name, entry: files.entry, keys: files.keys, wallet: files.wallet, configuration: files.configuration,
        templateFingerprint: network.isRunning ? nil : network.fingerprint,
        genesisFingerprint: network.isRunning ? network.fingerprint : nil),
      text: Self.text(network, files, template: template ?? ""))
  }

  private static func text(_ network: JoinedNetwork, _ files: OperatorFiles, template: String) -> String {
    let next =
      network.isRunning
      ? """
      Made the files of \(files.name), for the network with fingerprint \(network.fingerprint).
      Send \(files.entry) to a trustee, who runs:
        cairn governance propose add-validator \(files.name).entry
      Start the node: cairn node run --config \(files.configuration). It follows from the proposal on, and votes from the epoch on in which it is in.
      """
      : """
      Joined as \(files.name), for the template with fingerprint \(network.fingerprint).
      Send \(files.entry) to the other operators, collect theirs, then run:
        cairn genesis seal --template \(template) --output \(files.genesis) *.entry
      """
    return next + "\n\(files.keys) and \(files.wallet) stay on this host; keep copies of them and of the passphrase offline."
  }

  private func parseRoles() throws(CommandFailure) -> Roles {
    var parsed: [Role] = []
    for name in roles {
      guard let role = Role(name: name) else {
        let nearest = NearestName.nearest(to: name, in: Role.allCases.map(\.name)) ?? ""
        throw .usage("unknown_role", "There is no role \(name): did you mean \(nearest)?")
      }
      parsed.append(role)
    }
    return Roles(parsed)
  }

  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  }
}
