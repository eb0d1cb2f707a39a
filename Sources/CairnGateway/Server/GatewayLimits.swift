package import NIOCore

/// What the HTTP listener grants a client.
package struct GatewayLimits: Sendable {
  /// Open connections. More wait in the kernel's queue, and find a place when others end, at the latest after ``exchangeTimeout``.
  package var connectionCount = 512
  /// From the moment a connection waits for a request until that request's answer was taken, everything included: a client that
  /// sends or reads byte by byte holds a connection no longer than an idle one.
  package var exchangeTimeout = TimeAmount.seconds(30)
  /// Of one header field. Proxies and browsers send up to 8 KiB.
  package var headerByteCount = 8 << 10
  /// Of all of them.
  package var headersByteCount = 16 << 10
  package var headerCount = 64
  /// Of any line of a request, before anything reads it: the longest target that is answered, and then some, so that a little too
  /// long is answered with a sentence and much too long with the end of the connection.
  package var lineByteCount = 2 * IdentifierQuestion.targetByteLimit

  package init() {}
}
