import CairnIdentity
package import CairnMessages
import HTTPTypes

/// Whether a node answers from a ledger that moves: for load balancers and orchestrators.
package struct Readiness: Sendable, Hashable {
  /// Why a node is not ready.
  package enum Problem: String, Sendable {
    /// The node is going, or not yet there.
    case unavailable
    /// It has not yet heard of enough validators to know what is final.
    case waitingForPeers = "waiting_for_peers"
    /// The newest final block is too old: the node is behind, or the network stands still.
    case notFinalizing = "not_finalizing"
  }

  /// Two heartbeats may be lost and their leaders time out before a network counts as standing still.
  static let graceMilliseconds: UInt64 = 10_000
  private static let heartbeats: UInt64 = 3

  package let problem: Problem?
  private let height: UInt64
  /// Of the newest final block.
  private let ageMilliseconds: UInt64
  /// What the node itself says, one sentence.
  private let detail: String

  /// - Parameters:
  ///   - status: `nil` when the node cannot tell.
  ///   - now: Unix time in milliseconds.
  package init(_ status: ProtoNodeStatus?, heartbeatMilliseconds: UInt64, now: UInt64) {
    guard let status else {
      (problem, height, ageMilliseconds, detail) = (.unavailable, 0, 0, "")
      return
    }
    height = status.info.height
    ageMilliseconds = now > status.lastFinalMs ? now - status.lastFinalMs : 0
    detail = status.stalledBecause
    let isWaiting = status.notVotingBecause == Problem.waitingForPeers.rawValue
    let limit = Self.heartbeats * heartbeatMilliseconds + Self.graceMilliseconds
    problem = isWaiting ? .waitingForPeers : ageMilliseconds > limit ? .notFinalizing : nil
  }

  var response: GatewayResponse {
    var members = [
      JSON.Member("finalAgeMilliseconds", .number(Double(ageMilliseconds))), JSON.Member("height", .number(Double(height))),
    ]
    if let problem {
      if !detail.isEmpty { members.append(JSON.Member("detail", .string(detail))) }
      members.append(JSON.Member("reason", .string(problem.rawValue)))
    }
    members.append(JSON.Member("status", .string(problem == nil ? "ready" : "not_ready")))
    return GatewayResponse(problem == nil ? .ok : .serviceUnavailable, .json, JSON.object(members).bytes)
  }
}
