public import CairnCrypto
public import CairnIdentity
import CairnMessages

/// Stops an agent. Absolute, so that it may be repeated. The submitter is a guardian.
public struct AgentIsolate: Hashable, Sendable {
  /// In bytes: a sentence and the number of a case.
  public static let reasonByteLimit = 256
  /// Whoever needs longer leaves the end open.
  public static let durationLimitMilliseconds: UInt64 = 366 * 86_400_000

  /// For people.
  public let reason: String
  /// Unix time; `nil` until it is released.
  public let untilMilliseconds: UInt64?

  init(_ message: ProtoAgentIsolate) throws(OperationError) {
    guard Self.isReason(message.reason) else { throw .malformed("reason") }
    reason = message.reason
    untilMilliseconds = message.untilMs == 0 ? nil : message.untilMs
  }

  /// Whether the text is a reason: short, and without what would move a terminal's cursor or turn its direction. The scalars are listed,
  /// because a table of properties differs from one version of Unicode to the next, and all nodes must judge alike.
  static func isReason(_ text: String) -> Bool {
    (1...reasonByteLimit).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { scalar in
        switch scalar.value {
        case 0x00...0x1f, 0x7f...0x9f, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069: false
        default: true
        }
      }
  }
}

extension LedgerOperation {
  /// - Parameters:
  ///   - reason: for people, 1 to ``AgentIsolate/reasonByteLimit`` bytes without control characters.
  ///   - untilMilliseconds: Unix time; `nil` until it is released.
  public static func isolate(
    _ did: CairnDID, reason: String, untilMilliseconds: UInt64? = nil, network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var isolate = ProtoAgentIsolate()
    isolate.did = did.description
    isolate.reason = reason
    isolate.untilMs = untilMilliseconds ?? 0
    return try make(.agentIsolate(isolate), network: network)
  }

  public static func release(_ did: CairnDID, network: Digest) throws(OperationError) -> LedgerOperation {
    var release = ProtoAgentRelease()
    release.did = did.description
    return try make(.agentRelease(release), network: network)
  }
}
