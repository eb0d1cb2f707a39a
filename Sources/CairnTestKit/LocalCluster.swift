public import CairnChain
public import CairnClient
import CairnConsensus
public import CairnCrypto
import CairnGateway
public import CairnIdentity
public import CairnLedger
public import CairnMessages
public import CairnNetwork
public import CairnNode
import Foundation
public import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A whole network in this process: real consensus, real TLS over loopback, real storage in a temporary directory.
///
/// ```swift
/// try await LocalCluster.with(nodes: 4) { cluster in
///   let key = SigningKey.generate()
///   let agent = try await cluster.register(key: key)
///   try await cluster.stop(node: 2)
///   let resolved = try await cluster.client.resolve(agent)
/// }
/// ```
/// Ports are chosen by the system, so that any number of clusters run side by side; ``shutdown()`` leaves nothing behind.
public final class LocalCluster: Sendable {
  /// How a cluster differs from the usual one.
  public struct Options: Sendable {
    /// The network's parameters. A heartbeat of a second keeps idle clusters fresh.
    public var parameters = Parameters(heartbeatMilliseconds: 1000)
    /// How many identities are trustees: ``TestNetwork/trustees``. At most as many as nodes.
    public var trustees = 1
    /// Of every node; `nil` for the usual one.
    public var leaderTimeoutMilliseconds: UInt64?
    /// How far apart the nodes seem to be; `nil` for as near as they are.
    public var links: LinkMatrix?
    public var logger = Logger(label: "cairn.cluster", factory: { _ in SwiftLogNoOpLogHandler() })
    /// How long ``start(nodes:options:)`` and ``waitUntil(_:)`` wait for what must come.
    public var patience: Duration = .seconds(30)
    /// Changes the configuration of the node at an index.
    package var configure: @Sendable (Int, inout NodeConfiguration) -> Void = { _, _ in }
    /// Validators that are not started: the test plays their part.
    package var absent: Set<Int> = []

    public init() {}
  }

  public let network: TestNetwork
  /// Knows every node, trusts the genesis alone.
  public let client: CairnClient
  private let options: Options
  private let directory: URL
  private let nodes: Mutex<[RunningNode]>

  private struct RunningNode: Sendable {
    var keys: TestNetwork.ValidatorKeys
    var node: Node?
    var configuration: NodeConfiguration
    /// `nil` until it ran for the first time.
    var ports: Node.Ports?
    /// Where the test listens in its place.
    var impostorPort: Int?
    /// Why it stopped by itself.
    var failure: NodeFailure?
  }

  /// Starts a cluster, hands it out, and stops it whatever happens.
  public static func with<Result>(
    nodes count: Int = 4, options: Options = Options(), _ body: (LocalCluster) async throws -> Result
  ) async throws -> Result {
    let cluster = try await start(nodes: count, options: options)
    do {
      let result = try await body(cluster)
      await cluster.shutdown()
      return result
    } catch {
      await cluster.shutdown()
      throw error
    }
  }

  /// Starts a cluster, and returns when every node takes part in consensus.
  ///
  /// - Parameter count: 1...31 nodes.
  public static func start(nodes count: Int = 4, options: Options = Options()) async throws -> LocalCluster {
    let unknown = HostAndPort(host: "127.0.0.1", port: 1)
    let network = try TestNetwork(
      validators: count, timeMilliseconds: UInt64(Date().timeIntervalSince1970 * 1000), parameters: options.parameters,
      trustees: options.trustees, address: { _ in (unknown, unknown) })
    let directory = FileManager.default.temporaryDirectory.appending(path: "cairn-cluster-\(Hex.encode(randomBytes(8)))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    var nodes: [RunningNode] = []
    do {
      for index in network.validators.indices {
        let configuration = configuration(network, network.validators[index], index, directory, options)
        guard !options.absent.contains(index) else {
          nodes.append(RunningNode(keys: network.validators[index], configuration: configuration))
          continue
        }
        let node = try await Node.start(configuration, logger: options.logger)
        nodes.append(
          RunningNode(
            keys: network.validators[index], node: node, configuration: configuration.listening(on: node.ports), ports: node.ports))
      }
    } catch {
      for node in nodes { await node.node?.shutdown() }
      try? FileManager.default.removeItem(at: directory)
      throw error
    }
    let cluster = try LocalCluster(network: network, options: options, directory: directory, nodes: nodes)
    do {
      for (index, node) in cluster.allNodes() { cluster.watch(node, index) }
      cluster.introduceAll()
      try await cluster.waitUntilVoting()
      return cluster
    } catch {
      await cluster.shutdown()
      throw error
    }
  }

  /// Runs a node as a program would, and notes why it stops.
  private func watch(_ node: Node, _ index: Int) {
    Task {
      do { try await node.run() } catch {
        nodes.withLock { nodes in
          nodes[index].failure = error as? NodeFailure
          if nodes[index].node === node { nodes[index].node = nil }
        }
      }
    }
  }

  private init(network: TestNetwork, options: Options, directory: URL, nodes: [RunningNode]) throws {
    self.network = network
    self.options = options
    self.directory = directory
    self.nodes = Mutex(nodes)
    client = try CairnClient(
      to: zip(nodes, network.validators).compactMap { node, keys in
        node.ports.map { Endpoint("127.0.0.1:\($0.clients)", nodeKey: keys.nodeKey.publicKey) }
      },
      trusting: .anchor(network.anchor))
  }

  private static func configuration(
    _ network: TestNetwork, _ keys: TestNetwork.ValidatorKeys, _ index: Int, _ directory: URL, _ options: Options
  ) -> NodeConfiguration {
    let anywhere = HostAndPort(host: "127.0.0.1", port: 0)
    var configuration = NodeConfiguration(
      genesis: network.genesis, consensusKey: keys.consensusKey, nodeKey: keys.nodeKey,
      dataDirectory: directory.appending(path: keys.name).path, peerListener: anywhere, clientListener: anywhere)
    configuration.adminListener = anywhere
    configuration.httpListener = anywhere
    let gateway = HTTPGateway()
    (configuration.httpFace, configuration.metrics) = (gateway, gateway.metrics)
    if let timeout = options.leaderTimeoutMilliseconds { configuration.timers.leaderMilliseconds = timeout }
    configuration.links = options.links
    options.configure(index, &configuration)
    return configuration
  }

  /// The nodes, those that were added among them.
  public var count: Int { nodes.withLock { $0.count } }

  private func keys(of index: Int) -> TestNetwork.ValidatorKeys { nodes.withLock { $0[index].keys } }

  /// Starts a node that is no validator. It follows as soon as the others let it, see ``validator(of:)``.
  ///
  /// - Returns: its index in the cluster.
  public func add(named name: String) async throws -> Int {
    let keys = TestNetwork.ValidatorKeys(name: name, consensusKey: .generate(), nodeKey: .generate())
    let index = count
    let configuration = Self.configuration(network, keys, index, directory, options)
    let node = try await Node.start(configuration, logger: options.logger)
    nodes.withLock { nodes in
      nodes.append(RunningNode(keys: keys, node: node, configuration: configuration.listening(on: node.ports), ports: node.ports))
    }
    watch(node, index)
    introduceAll()
    return index
  }

  /// What the ledger has to know of a node that ran, to make it a validator.
  public func validator(of index: Int) -> Validator {
    let (keys, ports) = nodes.withLock { ($0[index].keys, $0[index].ports) }
    return Validator(
      name: keys.name, consensusKey: keys.consensusKey.publicKey, nodeKey: keys.nodeKey.publicKey,
      peerAddress: "127.0.0.1:\(ports?.peers ?? 0)", clientAddress: "127.0.0.1:\(ports?.clients ?? 0)")
  }

  /// The nodes that run now.
  public var running: [Int] { nodes.withLock { nodes in nodes.indices.filter { nodes[$0].node != nil } } }

  /// `host:port` of a node's Cairn RPC.
  public func address(of index: Int) -> String { nodes.withLock { "127.0.0.1:\($0[index].ports?.clients ?? 0)" } }

  /// A node's HTTP, for example `http://127.0.0.1:40404`; `nil` when it never ran or has none.
  public func httpURL(of index: Int) -> String? { nodes.withLock { $0[index].ports?.http.map { "http://127.0.0.1:\($0)" } } }

  /// Why a node stopped by itself; `nil` when it did not.
  public func failure(of index: Int) -> NodeFailure? { nodes.withLock { $0[index].failure } }

  /// A client that asks one node only.
  public func client(of index: Int) throws -> CairnClient {
    try CairnClient(
      to: [Endpoint(address(of: index), nodeKey: keys(of: index).nodeKey.publicKey)], trusting: .anchor(network.anchor))
  }

  /// Height of a node's newest finalized block; `nil` when it does not run.
  public func height(of index: Int) -> UInt64? { node(index)?.backend.head.header.height }

  /// Digest of the header that a node has at a height.
  public func digest(of index: Int, atHeight height: UInt64) throws -> Digest? {
    try node(index)?.backend.header(atHeight: height)?.digest
  }

  /// Where a node keeps its data.
  public func dataDirectory(of index: Int) -> String { nodes.withLock { $0[index].configuration.dataDirectory } }

  /// Stops a node; its data stays.
  public func stop(node index: Int) async {
    let node = nodes.withLock { nodes in
      defer { nodes[index].node = nil }
      return nodes[index].node
    }
    await node?.shutdown()
  }

  /// Starts a stopped node where it was, on the same ports.
  public func restart(node index: Int) async throws { try await restart(node: index) { _ in } }

  /// As ``restart(node:)``, with another configuration from now on.
  package func restart(node index: Int, _ change: (inout NodeConfiguration) -> Void) async throws {
    var configuration = nodes.withLock { $0[index].configuration }
    change(&configuration)
    let node = try await Node.start(configuration, logger: options.logger)
    nodes.withLock { [configuration] nodes in
      nodes[index] = RunningNode(
        keys: nodes[index].keys, node: node, configuration: configuration.listening(on: node.ports), ports: node.ports)
    }
    watch(node, index)
    introduceAll()
  }

  /// What a node at an index is started with.
  package func configuration(of index: Int) -> NodeConfiguration { nodes.withLock { $0[index].configuration } }

  /// Where a node listens for the others; `nil` when it never ran.
  package func peerPort(of index: Int) -> Int? { nodes.withLock { $0[index].ports?.peers } }

  /// Tells every node where an absent validator listens.
  package func introduce(_ index: Int, port: Int) {
    nodes.withLock { $0[index].impostorPort = port }
    introduceAll()
  }

  /// Lets only nodes of one group reach each other; a node in no group reaches nobody. Of the genesis' validators.
  public func partition(_ groups: [Int]...) async {
    for (index, node) in allNodes() {
      let friends = Set(groups.filter { $0.contains(index) }.flatMap(\.self))
      await node.setBlocked(Set(network.validators.indices.filter { $0 != index && !friends.contains($0) }))
    }
  }

  /// Ends every partition.
  public func heal() async {
    for (_, node) in allNodes() { await node.setBlocked([]) }
  }

  /// What a node says about itself.
  public func status(of index: Int) async throws -> ProtoNodeStatus? {
    try await node(index)?.backend.status(on: MultiThreadedEventLoopGroup.singleton.any()).get()
  }

  /// Looks again and again until the condition holds.
  public func waitUntil(_ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + options.patience
    while try await !condition() {
      guard ContinuousClock.now < deadline else { throw LocalClusterError.impatient(await situation()) }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Where each node is, and why it is no further.
  private func situation() async -> [String] {
    var lines: [String] = []
    for index in 0..<count {
      guard let status = try? await status(of: index) else {
        lines.append("\(keys(of: index).name): \(failure(of: index).map { "\($0)" } ?? "stopped")")
        continue
      }
      lines.append(
        "\(status.info.node): height \(status.info.height), view \(status.info.view) \(status.stalledBecause)\(status.notVotingBecause)")
    }
    return lines
  }

  /// Enrols an agent that controls itself, with one signing key.
  ///
  /// - Parameters:
  ///   - key: its update key, which stands in its document too.
  ///   - next: the key that its first rotation reveals.
  public func register(key: SigningKey, next: SigningKey = .generate()) async throws -> CairnDID {
    let control = try Control(update: key.publicKey, next: next.publicKey)
    return try await client.create(control: control, document: .signing(with: key.publicKey), keys: [key], by: network.registrar).did
  }

  /// Stops every node and removes their data.
  public func shutdown() async {
    await client.close()
    await withTaskGroup(of: Void.self) { tasks in
      for index in 0..<count { tasks.addTask { await self.stop(node: index) } }
    }
    try? FileManager.default.removeItem(at: directory)
  }

  private func node(_ index: Int) -> Node? { nodes.withLock { $0[index].node } }

  private func allNodes() -> [(Int, Node)] {
    nodes.withLock { nodes in nodes.indices.compactMap { index in nodes[index].node.map { (index, $0) } } }
  }

  /// Tells every node where the others listen.
  private func introduceAll() {
    let ports = nodes.withLock { $0.map { ($0.keys.name, $0.impostorPort ?? $0.ports?.peers) } }
    for (index, node) in allNodes() {
      for (peer, (name, port)) in ports.enumerated() where peer != index {
        guard let port else { continue }
        node.update(address: HostAndPort(host: "127.0.0.1", port: port), of: name)
      }
    }
  }

  private func waitUntilVoting() async throws {
    guard running.count >= network.genesis.validators.quorum else { return }
    for index in running {
      try await waitUntil { try await status(of: index)?.voting ?? false }
    }
  }
}

public enum LocalClusterError: Error {
  /// What was waited for did not come in time; a line for each node says where it is.
  case impatient([String])
}

extension NodeConfiguration {
  /// The same node at the ports that it was given.
  fileprivate func listening(on ports: Node.Ports) -> NodeConfiguration {
    var configuration = self
    configuration.peerListener.port = ports.peers
    configuration.clientListener.port = ports.clients
    if let admin = ports.admin { configuration.adminListener?.port = admin }
    if let grpc = ports.grpc { configuration.grpcListener?.port = grpc }
    if let http = ports.http { configuration.httpListener?.port = http }
    return configuration
  }
}
