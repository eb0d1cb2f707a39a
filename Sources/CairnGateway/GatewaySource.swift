package import CairnCrypto
import CairnLedger
package import CairnMessages
package import CairnNode
import NIOCore
import NIOPosix

/// What the gateway asks of a node; it knows nothing else of it.
package protocol GatewaySource: Sendable {
  /// Whose DIDs are resolved here.
  var network: Digest { get }
  /// When an idle network seals an empty block, in milliseconds.
  var heartbeatMilliseconds: UInt64 { get }

  /// The encoded `Proven` message whose payload is a `Resolution`.
  func resolution(_ request: ProtoResolveRequest) throws(ServiceFailure) -> [UInt8]
  /// The encoded `Proven` message whose payload is a `StatusListPage`.
  func statusList(_ request: ProtoStatusListRequest) throws(ServiceFailure) -> [UInt8]
  /// The node's local view; `nil` when it cannot tell any more.
  func status() async -> ProtoNodeStatus?
}

/// The node's own query service.
package struct NodeSource: GatewaySource {
  private let queries: QueryService
  private let backend: any NodeBackend

  package init(queries: QueryService, backend: any NodeBackend) {
    self.queries = queries
    self.backend = backend
  }

  package var network: Digest { backend.genesis.network }
  package var heartbeatMilliseconds: UInt64 { UInt64(backend.head.state.parameters.heartbeatMilliseconds) }

  package func resolution(_ request: ProtoResolveRequest) throws(ServiceFailure) -> [UInt8] {
    [UInt8](try queries.resolve(request).encoded.readableBytesView)
  }

  package func statusList(_ request: ProtoStatusListRequest) throws(ServiceFailure) -> [UInt8] {
    [UInt8](try queries.statusList(request).encoded.readableBytesView)
  }

  package func status() async -> ProtoNodeStatus? {
    try? await backend.status(on: MultiThreadedEventLoopGroup.singleton.any()).get()
  }
}
