import NIOCore
import Synchronization

/// All connections of a server: counted per address, and found again when it shuts down.
final class ConnectionRegistry: Sendable {
  enum Admission: Equatable {
    case accepted
    /// The client is told why.
    case refused(RPCRefusalReason)
    /// Closed without a word, because words cost something too.
    case dropped

    var reason: RPCRefusalReason? { if case .refused(let reason) = self { reason } else { nil } }
  }

  private struct State {
    var countByAddress: [String: Int] = [:]
    var count = 0
    var open: [ObjectIdentifier: NIOLoopBound<RPCServerConnection>] = [:]
    /// Called when shutting down and no connection is left.
    var drained: [@Sendable () -> Void] = []
    var isDraining = false

    mutating func takeDrained() -> [@Sendable () -> Void] {
      guard count == 0 else { return [] }
      defer { drained = [] }
      return drained
    }
  }

  private let limits: RPCLimits
  private let state = Mutex(State())

  init(_ limits: RPCLimits) { self.limits = limits }

  var connectionCount: Int { state.withLock { $0.count } }

  /// Counts a connection that was accepted; ``leave(_:)`` counts it off again unless it was dropped.
  func admit(_ address: SocketAddress?) -> Admission {
    let key = Self.key(address)
    let limit = Self.isLoopback(key) ? limits.connectionsFromLoopback : limits.connectionsPerAddress
    return state.withLock { state in
      let count = state.countByAddress[key, default: 0]
      // As many again are refused politely, so that an honest pool that has grown too large learns why.
      guard !state.isDraining, state.count < limits.connections, count < 2 * limit else { return .dropped }
      state.countByAddress[key] = count + 1
      state.count += 1
      return count < limit ? .accepted : .refused(.tooManyConnections(limit: limit))
    }
  }

  func leave(_ address: SocketAddress?) {
    let key = Self.key(address)
    let drained = state.withLock { state in
      let count = state.countByAddress[key, default: 1] - 1
      state.countByAddress[key] = count > 0 ? count : nil
      state.count -= 1
      return state.takeDrained()
    }
    for done in drained { done() }
  }

  func didOpen(_ connection: RPCServerConnection, on eventLoop: any EventLoop) {
    let bound = NIOLoopBound(connection, eventLoop: eventLoop)
    let isDraining = state.withLock { state in
      state.open[ObjectIdentifier(connection)] = bound
      return state.isDraining
    }
    if isDraining { connection.drain() }
  }

  func didClose(_ connection: RPCServerConnection) {
    _ = state.withLock { $0.open.removeValue(forKey: ObjectIdentifier(connection)) }
  }

  /// Admits nothing more, lets every connection finish, and calls `done` when the last one is closed.
  func drain(_ done: @escaping @Sendable () -> Void) {
    let (connections, drained) = state.withLock { state in
      state.isDraining = true
      state.drained.append(done)
      return (Array(state.open.values), state.takeDrained())
    }
    for connection in connections { connection.eventLoop.execute { connection.value.drain() } }
    for done in drained { done() }
  }

  func abortAll() {
    let connections = state.withLock { Array($0.open.values) }
    for connection in connections { connection.eventLoop.execute { connection.value.abort() } }
  }

  private static func key(_ address: SocketAddress?) -> String { address?.ipAddress ?? "" }

  private static func isLoopback(_ key: String) -> Bool {
    key.isEmpty || key == "::1" || key.hasPrefix("127.") || key.hasPrefix("::ffff:127.")
  }
}
