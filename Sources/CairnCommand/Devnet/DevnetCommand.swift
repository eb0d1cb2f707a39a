import ArgumentParser
import CairnChain
import CairnCrypto
import CairnLedger
import Foundation

struct DevnetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devnet", abstract: "Run a local network of real nodes on loopback, for development and tests.",
    discussion: """
      Prints where the nodes listen, the trust anchor and a registrar's wallet once all serve, and runs until Ctrl-C, SIGTERM, or \
      until the process that started it ends. The same directory continues the same network. The passphrase lies beside the keys: \
      nothing here protects anything.
      """)

  @Option(help: "How many validators.") var nodes = 4
  @Option(name: .customLong("dir"), help: "Where the network lives; otherwise a temporary directory.", completion: .directory)
  var directory: String?
  @Flag(help: "Remove the directory at the end.") var ephemeral = false
  @Option(help: "An idle network seals an empty block after so many milliseconds.") var heartbeatMs = Parameters().heartbeatMilliseconds
  @OptionGroup var wan: WANOption
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...31).contains(nodes) else { throw ValidationError("--nodes is from 1 to 31.") }
  }

  func run() async throws {
    _ = try wan.matrix()
    let stop = StopSignal()
    let path = try directory ?? Self.temporaryDirectory()
    defer { if ephemeral { try? FileManager.default.removeItem(atPath: path) } }
    let files = DevnetFiles(directory: try Self.absolute(path))
    let network = try DevnetNetwork.prepare(files, nodes: nodes, heartbeatMilliseconds: heartbeatMs, wan: wan)
    let cluster = try await DevnetCluster.start(network, until: stop)
    let shown = ShownDevnet(network, cluster.nodes)
    output.print(shown, text: shown.text)
    let failure = await cluster.run(until: stop)
    await cluster.stop()
    if let failure { throw failure }
  }

  private static func temporaryDirectory() throws(CommandFailure) -> String {
    let path = FileManager.default.temporaryDirectory.path + "/cairn-devnet-" + UUID().uuidString.lowercased().prefix(8)
    try Files.makeDirectory(path)
    return path
  }

  private static func absolute(_ path: String) throws(CommandFailure) -> String {
    try Files.makeDirectory(path)
    return path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  }
}

/// A running network, for people and programs.
struct ShownDevnet: Encodable {
  struct ShownNode: Encodable {
    let name: String
    let pid: Int32
    let clients: String
    let grpc: String?
    let admin: String?
    /// A URL.
    let http: String?
    let peers: String
    let directory: String
    let log: String

    var text: String {
      let others = (grpc.map { "  gRPC \($0)" } ?? "") + (admin.map { "  admin \($0)" } ?? "") + (http.map { "  \($0)" } ?? "")
      return "clients \(clients)\(others)  pid \(pid)"
    }
  }

  let event = "ready"
  let directory: String
  let name: String
  let network: String
  let fingerprint: String
  let genesis: String
  let anchor: String
  let registrar: String
  let registrarDid: String
  let passphraseFile: String
  let endpoints: [String]
  let nodes: [ShownNode]

  init(_ devnet: DevnetNetwork, _ nodes: [DevnetNode]) {
    let files = devnet.files
    directory = files.directory
    name = devnet.genesis.name
    network = devnet.genesis.network.description
    fingerprint = devnet.genesis.fingerprint
    genesis = files.genesis
    anchor = files.anchor
    registrar = files.registrar
    registrarDid = devnet.registrar
    passphraseFile = files.passphrase
    self.nodes = nodes.map { node in
      ShownNode(
        name: node.name, pid: node.pid, clients: "127.0.0.1:\(node.ports.clients)", grpc: node.ports.grpc.map { "127.0.0.1:\($0)" },
        admin: node.ports.admin.map { "127.0.0.1:\($0)" }, http: node.ports.http.map { "http://127.0.0.1:\($0)" },
        peers: "127.0.0.1:\(node.ports.peers)",
        directory: files.node(node.name), log: files.log(node.name))
    }
    endpoints = self.nodes.map { "\($0.name)=\($0.clients)" }
  }

  var text: String {
    var rows = [("network", "\(name), fingerprint \(fingerprint)"), ("directory", directory)]
    rows += nodes.map { ($0.name, $0.text) }
    rows.append(("registrar", registrarDid))
    return Output.table(rows) + """


      For the commands in another terminal:
        export CAIRN_ANCHOR=\(anchor)
        export CAIRN_ENDPOINT=\(endpoints.joined(separator: ","))
        export CAIRN_PASSPHRASE_FILE=\(passphraseFile)
        cairn did create alice.keys --submitter \(registrar)

      Press Ctrl-C to stop.
      """
  }
}
