import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

/// Where everything of a local network lies.
struct DevnetFiles {
  let directory: String

  var passphrase: String { directory + "/passphrase" }
  var genesis: String { directory + "/genesis.cairn" }
  var anchor: String { directory + "/anchor.json" }
  /// The wallet of the first operator. Every operator of a local network has all roles: its wallet is `operator.keys` in its node's directory.
  var registrar: String { directory + "/registrar.keys" }
  func node(_ name: String) -> String { directory + "/" + name }
  func configuration(_ name: String) -> String { node(name) + "/node.yaml" }
  func data(_ name: String) -> String { node(name) + "/data" }
  func log(_ name: String) -> String { node(name) + "/node.log" }
}

/// A local network's genesis and files, made or found.
struct DevnetNetwork {
  let files: DevnetFiles
  let genesis: Genesis
  /// DID of the registrar's wallet.
  let registrar: String
  /// How far apart its nodes seem to be.
  let wan: WANOption

  var names: [String] { genesis.validators.validators.map(\.name) }

  /// Continues the network in the directory, or makes a new one.
  static func prepare(
    _ files: DevnetFiles, nodes: Int, heartbeatMilliseconds: UInt32, wan: WANOption
  ) throws(CommandFailure) -> DevnetNetwork {
    if !Files.exists(files.genesis) { try create(files, nodes: nodes, heartbeatMilliseconds: heartbeatMilliseconds) }
    let genesis = try GenesisFiles.readGenesis(files.genesis)
    let passphrase = try Passphrase.read(files.passphrase)
    let wallet = try Wallet.open(files.registrar, passphrase: passphrase, hashing: .minimal)
    return DevnetNetwork(
      files: files, genesis: genesis, registrar: try wallet.did(nil, network: genesis.network).description, wan: wan)
  }

  /// The genesis file is written last: without it there is no network in the directory.
  private static func create(_ files: DevnetFiles, nodes: Int, heartbeatMilliseconds: UInt32) throws(CommandFailure) {
    let passphrase = Array(Hex.encode(randomBytes(16)).utf8)
    try Files.create(files.passphrase, "passphrase file", passphrase + [UInt8(ascii: "\n")], mode: 0o600)
    var parameters = Parameters()
    parameters.heartbeatMilliseconds = heartbeatMilliseconds
    let ports = try PortCheck.freeLoopbackPorts(2 * nodes)
    do {
      let template = try GenesisTemplate(
        name: "devnet", timeMilliseconds: UInt64(Date().timeIntervalSince1970) * 1_000, parameters: parameters)
      var entries: [SignedGenesisEntry] = []
      for index in 0..<nodes {
        let part = try OperatorEntry(
          name: "node-\(index)", peerAddress: "127.0.0.1:\(ports[2 * index])", clientAddress: "127.0.0.1:\(ports[2 * index + 1])",
          roles: Roles(Role.allCases), template: template)
        try write(part, index: index, files, template: template, passphrase: passphrase)
        entries.append(part.signed)
      }
      let genesis = try template.seal(entries)
      try Files.create(files.anchor, "trust anchor", genesis.trustAnchor.fileBytes)
      try GenesisFiles.writeGenesis(genesis, to: files.genesis)
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw GenesisSentence.failure(error as? GenesisError ?? .field("genesis"), "the local network's genesis")
    }
  }

  private static func write(
    _ part: OperatorEntry, index: Int, _ files: DevnetFiles, template: GenesisTemplate, passphrase: [UInt8]
  ) throws(CommandFailure) {
    let name = part.entry.validator.name
    let own = OperatorFiles(directory: files.node(name), name: name)
    try Files.makeDirectory(own.directory)
    let text = """
      # A node of a local network. Where it listens and finds the others, cairn devnet says on the command line.
      genesis: ../genesis.cairn
      passphrase_file: ../passphrase

      """
    try own.write(part, for: .template(template), passphrase: passphrase, hashing: .minimal, configuration: text)
    guard index == 0 else { return }
    try KeyFiles.create(
      files.registrar, try KeyFiles.encrypt(part.identity.namedKeys, passphrase: passphrase, hashing: .minimal, for: files.registrar))
  }
}
