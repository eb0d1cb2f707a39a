import CairnMessages
import CairnProtocol
import GRPCCore
import Synchronization

/// Whether the node serves, and who wants to know when that changes.
final class ServingState: Sendable {
  private struct State {
    var isServing = true
    var watchers: [UInt64: AsyncStream<Bool>.Continuation] = [:]
    var nextWatcher: UInt64 = 0
  }

  private let state = Mutex(State())

  var isServing: Bool { state.withLock { $0.isServing } }

  /// Tells every watcher, who then has nothing more to learn.
  func stop() {
    let watchers = state.withLock { state in
      state.isServing = false
      defer { state.watchers = [:] }
      return state.watchers.values
    }
    for watcher in watchers {
      watcher.yield(false)
      watcher.finish()
    }
  }

  /// The state now and whenever it changes, the newest only.
  func changes() -> AsyncStream<Bool> {
    let (stream, watcher) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingNewest(1))
    let (isServing, number) = state.withLock { state in
      state.nextWatcher += 1
      if state.isServing { state.watchers[state.nextWatcher] = watcher }
      return (state.isServing, state.nextWatcher)
    }
    watcher.onTermination = { [weak self] _ in self?.state.withLock { $0.watchers[number] = nil } }
    watcher.yield(isServing)
    if !isServing { watcher.finish() }
    return stream
  }
}

/// grpc.health.v1: a node serves as long as it has a head, which it has from its start until it shuts down.
struct GRPCHealthService: GRPCHealth.SimpleServiceProtocol {
  let state: ServingState
  /// Full names.
  let services: [String]

  func check(request: GRPCHealthCheckRequest, context: ServerContext) throws -> GRPCHealthCheckResponse {
    guard isKnown(request.service) else { throw RPCError(code: .notFound, message: "There is no service \(request.service) here.") }
    return response(state.isServing)
  }

  func list(request: GRPCHealthListRequest, context: ServerContext) -> GRPCHealthListResponse {
    var list = GRPCHealthListResponse()
    for service in [""] + services { list.statuses[service] = response(state.isServing) }
    return list
  }

  func watch(
    request: GRPCHealthCheckRequest, response writer: RPCWriter<GRPCHealthCheckResponse>, context: ServerContext
  ) async throws {
    guard isKnown(request.service) else {
      var response = GRPCHealthCheckResponse()
      response.status = .serviceUnknown
      try await writer.write(response)
      // No service comes into being later, but the protocol leaves the end to the client.
      for await _ in state.changes() {}
      return
    }
    for await isServing in state.changes() { try await writer.write(response(isServing)) }
  }

  private func isKnown(_ service: String) -> Bool { service.isEmpty || services.contains(service) }

  private func response(_ isServing: Bool) -> GRPCHealthCheckResponse {
    var response = GRPCHealthCheckResponse()
    response.status = isServing ? .serving : .notServing
    return response
  }
}
