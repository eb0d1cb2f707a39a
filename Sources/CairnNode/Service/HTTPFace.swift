package import CairnChain
package import Logging
package import NIOCore

/// What serves the ledger over HTTP, made elsewhere: so the node can be built without it.
package protocol HTTPFace: Sendable {
  /// - Throws: when the address cannot be listened on.
  func start(
    _ address: HostAndPort, queries: QueryService, backend: any NodeBackend, logger: Logger
  ) async throws -> any HTTPFaceServer
}

/// A running HTTP listener.
package protocol HTTPFaceServer: Sendable {
  var port: Int { get }

  /// Takes nothing new, answers what is in flight, and returns when every connection is closed, at the latest after `limit`.
  func shutdown(within limit: TimeAmount) async
}
