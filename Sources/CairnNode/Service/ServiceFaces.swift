package import CairnChain
package import CairnNetwork
import CairnProtocol
import GRPCCore
import GRPCNIOTransportCore
import GRPCNIOTransportHTTP2Posix
package import NIOCore
import NIOPosix

/// The node's listeners for clients and for its operator.
///
/// They have event loops of their own, so that no client, however busy, takes time from consensus.
package final class ServiceFaces: Sendable {
  package struct Configuration: Sendable {
    /// Cairn RPC.
    package var clients: HostAndPort
    /// gRPC; `nil` turns it off.
    package var grpc: HostAndPort?
    /// Cairn RPC without TLS, with the methods for the operator; loopback. `nil` turns it off.
    package var admin: HostAndPort?
    /// What clients pin. `nil` serves clients without TLS, for tests and loopback.
    package var identity: NodeIdentity?
    package init(clients: HostAndPort, grpc: HostAndPort? = nil, admin: HostAndPort? = nil, identity: NodeIdentity?) {
      self.clients = clients
      self.grpc = grpc
      self.admin = admin
      self.identity = identity
    }
  }

  /// All services of a process share their threads, which live as long as it does: what the libraries still have to do after a
  /// shutdown finds them.
  private static let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)

  private let clients: RPCServer
  private let grpc: GRPCFaceServer?
  private let admin: RPCServer?
  private let feed: EventFeed

  /// Listens on every address of the configuration, or on none.
  package static func start(
    _ configuration: Configuration, queries: QueryService
  ) async throws(ServiceFacesError) -> ServiceFaces {
    var started: [RPCServer] = []
    do throws(ServiceFacesError) {
      let methods = ServiceMethods(queries)
      let clients = try await rpcServer(
        "clients", configuration.clients, configuration.identity, CairnRPCFace(methods), group)
      started.append(clients)
      var admin: RPCServer?
      if let address = configuration.admin {
        let server = try await rpcServer("admin", address, nil, CairnRPCFace(methods, isAdministrative: true), group)
        started.append(server)
        admin = server
      }
      var grpc: GRPCFaceServer?
      if let address = configuration.grpc {
        grpc = try await GRPCFaceServer.start(address, configuration.identity, methods, group)
      }
      return ServiceFaces(clients: clients, grpc: grpc, admin: admin, feed: methods.feed)
    } catch {
      for server in started { await server.shutdown(within: .zero) }
      throw error
    }
  }

  private init(clients: RPCServer, grpc: GRPCFaceServer?, admin: RPCServer?, feed: EventFeed) {
    (self.clients, self.grpc, self.admin, self.feed) = (clients, grpc, admin, feed)
  }

  /// The port on which each face listens.
  package var clientPort: Int { clients.port }
  package var grpcPort: Int? { grpc?.port }
  package var adminPort: Int? { admin?.port }

  /// Streams of events that have not ended, on all faces.
  package var eventStreamCount: Int { feed.count }

  /// Connections of Cairn RPC that are open now.
  package var connectionCount: Int { clients.connectionCount }

  /// Takes nothing new, ends streams of events, answers what else is in flight, and returns when every connection is closed, at the latest after `limit`.
  package func shutdown(within limit: TimeAmount) async {
    feed.stop()
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await self.clients.shutdown(within: limit) }
      if let admin { tasks.addTask { await admin.shutdown(within: limit) } }
      if let grpc { tasks.addTask { await grpc.shutdown(within: limit) } }
    }
  }

  private static func rpcServer(
    _ name: String, _ address: HostAndPort, _ identity: NodeIdentity?, _ face: CairnRPCFace, _ group: any EventLoopGroup
  ) async throws(ServiceFacesError) -> RPCServer {
    do {
      let tls: TLSServer? = if let identity { try .clients(identity, speaking: .rpc) } else { nil }
      return try await RPCServer.start(
        host: address.host, port: address.port, tls: tls, limits: CairnRPCFace.limits, handler: face, group: group)
    } catch {
      throw ServiceFacesError(listener: name, address: address, problem: "\(error)")
    }
  }
}

/// Why a listener could not start.
package struct ServiceFacesError: Error, Sendable {
  /// `clients`, `admin` or `grpc`.
  package let listener: String
  package let address: HostAndPort
  package let problem: String
}

/// The running gRPC listener.
final class GRPCFaceServer: Sendable {
  let port: Int
  private let server: GRPCServer<HTTP2ServerTransport.Custom<GRPCListener>>
  private let serving: ServingState
  private let task: Task<Void, any Error>

  static func start(
    _ address: HostAndPort, _ identity: NodeIdentity?, _ methods: ServiceMethods, _ group: any EventLoopGroup
  ) async throws(ServiceFacesError) -> GRPCFaceServer {
    do {
      let tls: TLSServer? = if let identity { try .clients(identity, speaking: .grpc) } else { nil }
      let listener = GRPCListener(host: address.host, port: address.port, tls: tls, group: group)
      let transport = HTTP2ServerTransport.Custom(listenerFactory: listener, config: GRPCListener.configuration)
      let serving = ServingState()
      let server = GRPCServer(transport: transport, services: services(methods, serving, group))
      let task = Task { try await server.serve() }
      guard let bound = await transport.listeningAddress, let port = bound.ipv4?.port ?? bound.ipv6?.port else {
        // Nothing listens, so that the server has ended and knows why.
        try await task.value
        throw CancellationError()
      }
      return GRPCFaceServer(port: port, server: server, serving: serving, task: task)
    } catch {
      throw ServiceFacesError(listener: "grpc", address: address, problem: "\(error)")
    }
  }

  private static func services(
    _ methods: ServiceMethods, _ serving: ServingState, _ group: any EventLoopGroup
  ) -> [any RegistrableRPCService] {
    let offered = CairnMethod.allCases.filter { !$0.isAdministrative }
    let names = Set(offered.map(\.descriptor.service.fullyQualifiedService)).sorted()
    let standard = [
      GRPCHealth.Method.Check.descriptor, GRPCServerReflection.Method.ServerReflectionInfo.descriptor,
    ].map(\.service.fullyQualifiedService)
    return [
      GRPCFace(methods: methods, offered: offered, group: group),
      GRPCHealthService(state: serving, services: names),
      GRPCReflectionService(services: names + standard),
    ]
  }

  private init(
    port: Int, server: GRPCServer<HTTP2ServerTransport.Custom<GRPCListener>>, serving: ServingState, task: Task<Void, any Error>
  ) {
    (self.port, self.server, self.serving, self.task) = (port, server, serving, task)
  }

  func shutdown(within limit: TimeAmount) async {
    serving.stop()
    server.beginGracefulShutdown()
    let cut = Task { [task] in
      try await Task.sleep(for: .nanoseconds(limit.nanoseconds))
      task.cancel()
    }
    _ = await task.result
    cut.cancel()
  }
}
