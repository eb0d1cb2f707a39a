/// Why a connection could not be secured.
public enum TLSError: Error, Equatable, Sendable {
  /// The certificate or the TLS context could not be made.
  case identity(String)
  /// The peer does not speak the protocol that this listener or connection is for (ALPN, RFC 7301).
  case wrongProtocol(expected: String, negotiated: String?)

  /// Machine readable, for logs and metrics.
  public var reason: String {
    switch self {
    case .identity: "tls_identity"
    case .wrongProtocol: "tls_wrong_protocol"
    }
  }
}
