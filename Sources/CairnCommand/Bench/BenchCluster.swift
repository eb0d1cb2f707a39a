import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import Foundation
import NIOCore
import Synchronization

/// The network under measurement: one process for each node, and a directory that is removed at the end.
final class BenchCluster: Sendable {
  let files: DevnetFiles
  let anchor: TrustAnchor
  /// Knows every node; its connections share what they have verified.
  let client: CairnClient
  /// Who may enrol DIDs.
  let registrar: Signatory
  /// Of the registrar's credentials.
  let issuer: CredentialSigner
  private let wan: WANOption
  private let running: Mutex<[DevnetNode]>

  private init(
    files: DevnetFiles, anchor: TrustAnchor, client: CairnClient, registrar: Signatory, issuer: CredentialSigner, wan: WANOption,
    nodes: [DevnetNode]
  ) {
    (self.files, self.anchor, self.client, self.registrar, self.issuer, self.wan) = (files, anchor, client, registrar, issuer, wan)
    running = Mutex(nodes)
  }

  /// Starts a network, hands it out, and leaves nothing of it behind, whatever happens.
  ///
  /// - Parameter prepare: what is done before the nodes run.
  static func with<Result>(
    nodes count: Int, wan: WANOption, until stop: StopSignal, prepare: (DevnetNetwork) throws -> Void = { _ in },
    _ body: (BenchCluster) async throws -> Result
  ) async throws -> Result {
    let directory = FileManager.default.temporaryDirectory.path + "/cairn-bench-" + UUID().uuidString.lowercased().prefix(8)
    try Files.makeDirectory(directory)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let files = DevnetFiles(directory: directory)
    let network = try DevnetNetwork.prepare(
      files, nodes: count, heartbeatMilliseconds: Parameters().heartbeatMilliseconds, wan: wan)
    try prepare(network)
    let nodes = try await DevnetCluster.start(network, until: stop).nodes
    do {
      let cluster = try await BenchCluster(files: files, network: network, nodes: nodes)
      let result = try await body(cluster)
      await cluster.stop()
      return result
    } catch {
      await DevnetCluster(nodes: nodes).stop()
      throw error
    }
  }

  private convenience init(files: DevnetFiles, network: DevnetNetwork, nodes: [DevnetNode]) async throws {
    let anchor = network.genesis.trustAnchor
    let client = try CairnClient(to: nodes.map(Self.endpoint), trusting: .anchor(anchor))
    let wallet = try Wallet.open(files.registrar, passphrase: try Passphrase.read(files.passphrase), hashing: .minimal)
    let registrar = try await client.signatory(wallet)
    self.init(
      files: files, anchor: anchor, client: client, registrar: registrar, issuer: try wallet.signer(registrar.did), wan: network.wan,
      nodes: nodes)
  }

  var nodes: [DevnetNode] { running.withLock { $0 } }

  static func endpoint(_ node: DevnetNode) -> Endpoint { Endpoint(validator: node.name, at: "127.0.0.1:\(node.ports.clients)") }

  func dataDirectory(of node: DevnetNode) -> String { files.data(node.name) }

  /// A connection of its own to each of the nodes, so many times.
  func connections(to nodes: [DevnetNode], each count: Int = 1) async throws -> [VerifiedConnection] {
    var connections: [VerifiedConnection] = []
    for _ in 0..<count {
      for node in nodes { connections.append(try await client.verifiedConnection(to: Self.endpoint(node))) }
    }
    return connections
  }

  func status(of node: DevnetNode) async throws(CommandFailure) -> ProtoNodeStatus {
    guard let port = node.ports.admin else { preconditionFailure("the nodes of a local network have an admin listener") }
    return try await AdminClient.status(of: HostAndPort(host: "127.0.0.1", port: port), timeout: .seconds(10))
  }

  /// Starts a node that was stopped, where it was.
  func restart(_ node: DevnetNode) async throws(CommandFailure) -> DevnetNode {
    var addresses: [String: (peers: Int, clients: Int)] = [:]
    for node in nodes { addresses[node.name] = (node.ports.peers, node.ports.clients) }
    let restarted = try await DevnetNode.start(node.name, files, addresses: addresses, wan: wan)
    running.withLock { nodes in nodes = nodes.map { $0.name == node.name ? restarted : $0 } }
    return restarted
  }

  private func stop() async {
    await client.close()
    await DevnetCluster(nodes: nodes).stop()
  }
}
