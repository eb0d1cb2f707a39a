import NIOCore
import Synchronization

/// Which connections may have transactions checked before those of others, because these look like transactions of the defence lane.
///
/// Everybody, while what they claim is true: whoever may revoke must not wait behind a flood. A claim that turns out wrong has cost about
/// what a signature check costs, so its connection waits in line for a while.
final class DefenceClaims: Sendable {
  /// Transactions of all connections that are being checked: a few tens of milliseconds' work.
  static let limit = 512
  static let limitPerConnection = 64
  /// How long a connection waits in line after a wrong claim.
  static let suspension = TimeAmount.seconds(10)
  /// Connections whose wrong claims are remembered. With more of them nobody new claims anything, which an attacker pays for with as many
  /// connections every ten seconds.
  private static let suspensionLimit = 4_096

  private struct State {
    var count = 0
    var counts: [ClientConnection: Int] = [:]
    var suspended: [ClientConnection: NIODeadline] = [:]
  }

  private let state = Mutex(State())

  /// - Returns: whether the transactions may be checked first. Then ``end(_:of:isTrue:at:)`` follows.
  func begin(_ count: Int, of connection: ClientConnection, at now: NIODeadline) -> Bool {
    state.withLock { state in
      guard state.count + count <= Self.limit, state.counts[connection, default: 0] + count <= Self.limitPerConnection else { return false }
      if let end = state.suspended[connection] {
        guard end <= now else { return false }
        state.suspended[connection] = nil
      } else if state.suspended.count >= Self.suspensionLimit {
        state.suspended = state.suspended.filter { $0.value > now }
        guard state.suspended.count < Self.suspensionLimit else { return false }
      }
      state.count += count
      state.counts[connection, default: 0] += count
      return true
    }
  }

  /// - Parameter isTrue: whether the transactions were what they looked like.
  func end(_ count: Int, of connection: ClientConnection, isTrue: Bool, at now: NIODeadline) {
    state.withLock { state in
      state.count -= count
      let rest = state.counts[connection, default: 0] - count
      state.counts[connection] = rest > 0 ? rest : nil
      if !isTrue { state.suspended[connection] = now + Self.suspension }
    }
  }
}
