public import NIOCore

/// What an ``RPCServer`` grants its clients. Beyond a limit the answer is a refusal, never a stall.
public struct RPCLimits: Sendable {
  /// Bytes of a message, 256 KiB: several times the largest transaction with its proofs.
  public var messageByteCount = 256 << 10
  /// Bytes of a message of a batch method: 1 MiB.
  public var batchMessageByteCount = 1 << 20
  /// Bytes of any answer: 1 MiB.
  public var answerByteCount = 1 << 20
  /// Methods whose requests may be as long as ``batchMessageByteCount``.
  public var batchMethods: Set<UInt16> = []
  /// Requests of one connection that are not answered yet; enough to keep a server busy over a slow line.
  public var requestsInFlight = 1024
  /// Bytes of those requests together, 16 MiB, because 1,024 batches would be a gigabyte; and again as many of streamed messages
  /// that the application has not asked for.
  public var bytesInFlight = 16 << 20
  /// Connections of one address: a proxy's pool, not an attacker's.
  public var connectionsPerAddress = 256
  /// The same for loopback, where clients of one host share an address.
  public var connectionsFromLoopback = 4096
  /// Connections in all, below the usual limit on file descriptors.
  public var connections = 8192
  /// Frames of a stream that may be on their way in one direction. A client has the same number.
  public var streamCredits = 32
  /// Bytes of answers of one connection's streams that may wait for credits.
  public var waitingStreamBytes = 4 << 20
  /// Frames of one stream that may wait for credits.
  public var waitingStreamFrames = 1024
  /// Bytes of a hello.
  public var helloByteCount = 4096
  /// From the connection to the client's complete hello, TLS included.
  public var helloTimeout: TimeAmount = .seconds(5)
  /// A connection without requests in flight, or one that does not read what it is sent, is closed when nothing has moved for
  /// this long; at the latest after twice this time.
  public var idleTimeout: TimeAmount = .minutes(5)

  public init() {}

  func messageByteCount(of method: UInt16) -> Int { batchMethods.contains(method) ? batchMessageByteCount : messageByteCount }
}

/// What the server's hello told the client.
public struct RPCSessionLimits: Equatable, Sendable {
  /// Requests that may be in flight.
  public var requestsInFlight: Int
  /// Frames of a stream that may be on their way in one direction.
  public var streamCredits: Int

  /// A value is at least 1 whatever the server said, and at most what a client can keep track of.
  public init(requestsInFlight: Int = 1024, streamCredits: Int = 32) {
    self.requestsInFlight = min(max(requestsInFlight, 1), Int(UInt16.max))
    self.streamCredits = min(max(streamCredits, 1), 1024)
  }
}
