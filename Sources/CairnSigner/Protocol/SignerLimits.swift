import NIOCore

/// What bounds a connection between a node and its signer.
enum SignerLimits {
  /// TLS, if any, and both hellos.
  static let handshakeTimeout = TimeAmount.seconds(5)
  /// A node and one that stands by, each with a connection that the other side does not know to be dead yet.
  static let connections = 8
  /// Requests of one connection that wait for the disk: a node asks for a few in each view.
  static let waitingRequests = 64
  /// Requests of a node that wait, answered late ones among them.
  static let openRequests = 256
  /// Between two attempts to connect.
  static let shortestReconnectDelay = TimeAmount.milliseconds(50)
  static let longestReconnectDelay = TimeAmount.seconds(2)
  /// Deadlines that pass without anything from the signer until the connection is thought dead and made anew.
  static let silentDeadlines: Int64 = 4
}
