import ArgumentParser
import CairnChain
import CairnConsensus
import CairnCrypto
import CairnGateway
import CairnLedger
import CairnNode
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

struct NodeRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a node until it is told to stop (SIGTERM or SIGINT).",
    discussion: "Prints one line on standard output once it serves; logs go to standard error.")

  @OptionGroup var options: NodeOptions
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var output: OutputOptions
  @Option(help: "text or json; over log.format of the configuration.") var logFormat: String?
  @Option(help: "Least level of what is logged; over log.level of the configuration.") var logLevel: String?
  @OptionGroup var wan: WANOption
  @Flag(help: .hidden) var stopAtEndOfInput = false

  private struct Ready: Encodable {
    struct ShownPorts: Encodable {
      let peers: Int
      let clients: Int
      let grpc: Int?
      let admin: Int?
      let http: Int?
    }
    let event = "ready"
    let node: String
    let network: String
    let ports: ShownPorts
  }

  func run() async throws {
    var overrides = options
    overrides.overrides += (logFormat.map { ["log.format=\($0)"] } ?? []) + (logLevel.map { ["log.level=\($0)"] } ?? [])
    let prepared = try prepare(try overrides.settings())
    var logger = Logger(label: "cairn.\(prepared.name)") { label in
      LineLogHandler(label: label, level: prepared.log.level, isJSON: prepared.log.isJSON)
    }
    logger.logLevel = prepared.log.level
    var configuration = prepared.nodeConfiguration
    configuration.links = try wan.matrix()
    do {
      let node = try await Node.start(configuration, logger: logger)
      announce(node, prepared)
      let services = ServiceGroup(
        configuration: ServiceGroupConfiguration(
          services: [.init(service: node, successTerminationBehavior: .gracefullyShutdownGroup)],
          gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
      if stopAtEndOfInput { EndOfInput.notify { Task { await services.triggerGracefulShutdown() } } }
      try await services.run()
    } catch let failure as NodeFailure {
      throw CommandFailure.refused(failure.reason, failure.description)
    }
  }

  private func prepare(_ settings: NodeSettings) throws(CommandFailure) -> PreparedNode {
    switch PreparedNode.prepare(settings, passphrase: { path throws(CommandFailure) in try passphrase.node(settings, for: path) }) {
    case .success(let prepared): return prepared
    case .failure(let failure):
      let more = failure.problems.count - 1
      guard let first = failure.problems.first else { preconditionFailure("a failure has problems") }
      guard more > 0 else { throw first }
      throw .refused(first.reason, first.description + " (\(more) more: run cairn node check-config.)")
    }
  }

  private func announce(_ node: Node, _ prepared: PreparedNode) {
    let ports = node.ports
    output.print(
      Ready(
        node: prepared.name, network: prepared.genesis.network.description,
        ports: Ready.ShownPorts(peers: ports.peers, clients: ports.clients, grpc: ports.grpc, admin: ports.admin, http: ports.http)),
      text: "\(prepared.name) serves: peers on port \(ports.peers), clients on \(ports.clients)"
        + (ports.grpc.map { ", gRPC on \($0)" } ?? "") + (ports.admin.map { ", admin on \($0)" } ?? "")
        + (ports.http.map { ", HTTP on \($0)" } ?? "") + ".")
  }
}

extension PreparedNode {
  var nodeConfiguration: NodeConfiguration {
    var configuration = NodeConfiguration(
      genesis: genesis, voteKey: voteKey, nodeKey: nodeKey, dataDirectory: dataDirectory, peerListener: listeners.peers,
      clientListener: listeners.clients)
    configuration.grpcListener = listeners.grpc
    configuration.adminListener = listeners.admin
    configuration.httpListener = listeners.http
    let gateway = HTTPGateway()
    (configuration.httpFace, configuration.metrics) = (gateway, gateway.metrics)
    configuration.timers.leaderMilliseconds = timers.leader
    configuration.timers.certificateMilliseconds = timers.certificate
    configuration.timers.retryMilliseconds = timers.retry
    configuration.timers.skipMilliseconds = timers.skip
    configuration.timers.standstillMilliseconds = timers.standstill
    configuration.snapshots = snapshots
    configuration.peerAddresses = peerAddresses
    if !isInGenesis { configuration.name = name }
    configuration.isVotingAllowed = isVotingAllowed
    return configuration
  }
}
