package import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import CairnStore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
import Synchronization

/// One validator, or a node that follows: everything between its data directory, the other validators and its clients.
///
/// ```swift
/// let node = try await Node.start(configuration, logger: logger)
/// try await ServiceGroup(services: [node], gracefulShutdownSignals: [.sigterm], logger: logger).run()
/// ```
public final class Node: Service {
  /// Where the node listens, once it does.
  public struct Ports: Sendable, Hashable {
    public let peers: Int
    public let clients: Int
    public let grpc: Int?
    public let admin: Int?
    public let http: Int?
  }

  public let ports: Ports
  private let parts: RunningParts

  private init(ports: Ports, parts: RunningParts) {
    self.ports = ports
    self.parts = parts
  }

  /// Opens the data directory, brings the ledger back, and begins to listen and to find the other validators.
  ///
  /// - Throws: ``NodeFailure``.
  public static func start(_ configuration: NodeConfiguration, logger: Logger) async throws -> Node {
    let parts = try await RunningParts(configuration, logger: logger)
    do {
      return Node(ports: try await parts.listen(configuration), parts: parts)
    } catch {
      await parts.shutdown()
      throw error
    }
  }

  /// Returns after a graceful shutdown.
  ///
  /// - Throws: ``NodeFailure`` when the node must stop because it can no longer rely on its store or state.
  public func run() async throws {
    let failure = await withGracefulShutdownHandler {
      await parts.ended()
    } onGracefulShutdown: {
      self.parts.end(because: nil)
    }
    await shutdown()
    if let failure { throw failure }
  }

  /// Stops listening, lets go of every connection and closes the data directory. Can be called again.
  public func shutdown() async {
    parts.end(because: nil)
    await parts.shutdown()
  }

  /// Cuts the links to these validators and allows all others: how tests make a partition.
  package func setBlocked(_ peers: Set<Int>) async { await parts.mesh.setBlocked(peers) }

  /// Tells where another node listens, by its name.
  package func update(address: HostAndPort, of name: String) { parts.setPeerAddress(address, of: name) }

  /// What the services see.
  package var backend: any NodeBackend { parts.backend }
}
