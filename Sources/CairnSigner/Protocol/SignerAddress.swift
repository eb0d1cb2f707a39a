public import CairnChain

/// Where a signer listens: `unix:/run/cairn-signer/signer.sock`, or `host:port` for TLS.
public enum SignerAddress: Hashable, Sendable, CustomStringConvertible {
  /// A socket that its owner alone can open.
  case unix(path: String)
  /// TLS 1.3, both keys pinned. Port 0 takes any free one.
  case tls(HostAndPort)

  private static let unixPrefix = "unix:"
  /// `sun_path` of Linux (108 bytes) without its end, and without the suffix of a socket that is being made.
  private static let pathByteLimit = 103

  /// `nil` unless the path of a socket is absolute and short enough for the system.
  public init?(_ text: String) {
    if text.hasPrefix(Self.unixPrefix) {
      let path = String(text.dropFirst(Self.unixPrefix.count))
      guard path.hasPrefix("/"), path.utf8.count <= Self.pathByteLimit, !path.utf8.contains(0) else { return nil }
      self = .unix(path: path)
    } else {
      guard let address = HostAndPort(text) else { return nil }
      self = .tls(address)
    }
  }

  public var description: String {
    switch self {
    case .unix(let path): Self.unixPrefix + path
    case .tls(let address): address.description
    }
  }
}
