public import NIOCore

/// Why a call, or a connection, has no answer.
public enum RPCError: Error, Equatable, Sendable {
  /// The server says no, with the application's failure message.
  case refused(RPCRefusal)
  /// No answer came in time. The server may have acted all the same.
  case deadlineExceeded
  /// Given up by this side.
  case cancelled
  /// No connection could be made.
  case cannotConnect(String)
  /// The server does not accept this client.
  case helloRefused(RPCRefusal)
  /// This client does not accept the server.
  case helloRejected(String)
  /// Neither side refused, but no hello came in time.
  case helloTimedOut
  /// The connection ended first. The server may have acted all the same.
  case connectionClosed(reason: String)
  /// This client has as many requests in flight as the server allows.
  case tooManyRequestsInFlight(limit: Int)
  /// The request was not sent: it is longer than any that a server takes.
  case requestTooLarge(limit: Int)
  /// The request was not sent: this many bytes wait already for a server that does not read them.
  case congested(limit: Int)

  /// Machine readable, for logs and metrics.
  public var reason: String {
    switch self {
    case .refused: "refused"
    case .deadlineExceeded: "deadline_exceeded"
    case .cancelled: "cancelled"
    case .cannotConnect: "cannot_connect"
    case .helloRefused: "hello_refused"
    case .helloRejected: "hello_rejected"
    case .helloTimedOut: "hello_timed_out"
    case .connectionClosed: "connection_closed"
    case .tooManyRequestsInFlight: "too_many_requests_in_flight"
    case .requestTooLarge: "request_too_large"
    case .congested: "congested"
    }
  }
}

/// What a client brings to a connection.
public struct RPCClientConfiguration: Sendable {
  /// Bytes of a request: what a server allows at most.
  public var messageByteCount = 1 << 20
  /// Bytes of an answer: what a server sends at most.
  public var answerByteCount = 1 << 20
  /// From the connection to the server's hello, TLS included; and for the TCP connection before that.
  public var helloTimeout: TimeAmount = .seconds(5)
  /// Bytes of requests that may wait for a server that does not read them.
  public var unsentByteLimit = 16 << 20
  /// The client's hello.
  public var hello: ByteBuffer
  /// Judges the server's hello, on the event loop: what the server allows, or an error that rejects the server.
  public var acceptHello: @Sendable (ByteBuffer) throws -> RPCSessionLimits

  public init(hello: ByteBuffer, acceptHello: @escaping @Sendable (ByteBuffer) throws -> RPCSessionLimits) {
    self.hello = hello
    self.acceptHello = acceptHello
  }
}
