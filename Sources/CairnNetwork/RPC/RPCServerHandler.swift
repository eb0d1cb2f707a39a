public import NIOCore

/// The application behind an ``RPCServer``. Shared by all connections; called on their event loops, where it must not block.
public protocol RPCServerHandler: Sendable {
  /// Judges a client's hello and answers with the server's, or refuses the connection.
  ///
  /// - Parameter client: the address at the other end.
  func greet(_ hello: ByteBuffer, from client: SocketAddress?) throws(RPCRefusal) -> ByteBuffer

  /// Handles a request. A read is best answered before this returns, which saves every hand-over between threads; anything else
  /// keeps `call` and answers later, from any thread. Every call is answered in the end, exactly once.
  ///
  /// - Parameter payload: the request, or the first message of a stream.
  func handle(_ call: RPCServerCall, _ payload: ByteBuffer)

  /// What a client is told when the server itself refuses: the place for a retry hint.
  func refusal(because reason: RPCRefusalReason) -> RPCRefusal
}

/// An answer that says no.
public struct RPCRefusal: Error, Equatable, Sendable {
  /// Not ``RPCStatus/ok``.
  public var status: RPCStatus
  /// The application's failure message.
  public var payload: ByteBuffer

  public init(_ status: RPCStatus, _ payload: ByteBuffer = ByteBuffer()) {
    precondition(status != .ok, "a refusal is not OK")
    self.status = status
    self.payload = payload
  }
}

/// Why the server refuses on its own, before or instead of the application.
public enum RPCRefusalReason: Equatable, Sendable {
  case tooManyConnections(limit: Int)
  case tooManyRequestsInFlight(limit: Int)
  /// The requests in flight together hold too many bytes.
  case tooManyBytesInFlight(limit: Int)
  case requestTooLarge(limit: Int)
  case answerTooLarge(limit: Int)
  /// The client does not grant the credits, or does not read, that the answers of a stream need.
  case streamNotConsumed
  case cancelled
  case shuttingDown
  case violation(RPCViolation)
  case malformedFrame

  /// The status that fits.
  public var status: RPCStatus {
    switch self {
    case .tooManyConnections, .tooManyRequestsInFlight, .tooManyBytesInFlight, .requestTooLarge, .answerTooLarge, .streamNotConsumed:
      .resourceExhausted
    case .cancelled: .cancelled
    case .shuttingDown: .unavailable
    case .violation, .malformedFrame: .invalidArgument
    }
  }

  /// Machine readable, for the failure message, logs and metrics.
  public var reason: String {
    switch self {
    case .tooManyConnections: "too_many_connections"
    case .tooManyRequestsInFlight: "too_many_requests_in_flight"
    case .tooManyBytesInFlight: "too_many_bytes_in_flight"
    case .requestTooLarge: "request_too_large"
    case .answerTooLarge: "answer_too_large"
    case .streamNotConsumed: "stream_not_consumed"
    case .cancelled: "cancelled"
    case .shuttingDown: "shutting_down"
    case .violation(let violation): violation.rawValue
    case .malformedFrame: "malformed_frame"
    }
  }
}
