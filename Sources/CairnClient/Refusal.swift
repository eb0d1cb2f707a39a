public import CairnLedger
import CairnMessages
public import CairnNetwork
import NIOCore
import SwiftProtobuf

/// A node's reasoned no. It is the node's word: nothing proves it.
public struct Refusal: Error, Equatable, Sendable {
  /// Bytes of a failure message, far more than a reason, a sentence and a proof need.
  static let byteLimit = 256 << 10

  public let status: RPCStatus
  /// Machine readable, snake_case.
  public let reason: String
  /// One sentence for a person.
  public let message: String
  public let metadata: [String: String]
  /// For `stale`: the version that the operation should have followed. Verified.
  public internal(set) var current: ResolvedDID?

  public init(status: RPCStatus, reason: String, message: String, metadata: [String: String] = [:], current: ResolvedDID? = nil) {
    (self.status, self.reason, self.message, self.metadata, self.current) = (status, reason, message, metadata, current)
  }

  init(_ failure: ProtoFailure) {
    self.init(
      status: RPCStatus(rawValue: UInt16(clamping: failure.code)), reason: failure.reason, message: failure.message,
      metadata: failure.metadata)
  }

  init(_ refusal: RPCRefusal) {
    let bytes = [UInt8](refusal.payload.readableBytesView.prefix(Self.byteLimit))
    guard let failure = try? ProtoFailure(serializedBytes: bytes) else {
      self.init(status: refusal.status, reason: "unexplained", message: "The node refused without a failure message.")
      return
    }
    self.init(status: refusal.status, reason: failure.reason, message: failure.message, metadata: failure.metadata)
  }

  /// When the node said that asking again makes sense.
  public var retryAfterMilliseconds: UInt64? { metadata["retry_after_ms"].flatMap(UInt64.init) }

  /// Whether the refusal is about the node at this moment rather than about the request, so that another may answer.
  public var isAboutNode: Bool {
    switch status {
    case .unavailable, .resourceExhausted, .internal, .unknown, .unimplemented, .dataLoss, .deadlineExceeded, .cancelled: true
    default: false
    }
  }
}
