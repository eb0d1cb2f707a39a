public import CairnChain
public import Foundation

/// Where the trust anchor comes from: the one thing that a client has to be given by somebody it trusts.
public enum AnchorSource: Sendable {
  case value(TrustAnchor)
  /// The contents of a trust anchor file.
  case bytes([UInt8])
  case file(URL)

  /// A trust anchor file.
  public static func anchor(_ file: URL) -> AnchorSource { .file(file) }
  /// The contents of a trust anchor file.
  public static func anchor(_ bytes: [UInt8]) -> AnchorSource { .bytes(bytes) }
  public static func anchor(_ anchor: TrustAnchor) -> AnchorSource { .value(anchor) }

  func load() throws(CairnError) -> TrustAnchor {
    switch self {
    case .value(let anchor): return anchor
    case .bytes(let bytes): return try Self.decode(bytes)
    case .file(let url):
      let data: Data
      do { data = try Data(contentsOf: url) } catch { throw .unreadableAnchor(path: url.path, because: error.localizedDescription) }
      return try Self.decode([UInt8](data))
    }
  }

  private static func decode(_ bytes: [UInt8]) throws(CairnError) -> TrustAnchor {
    do { return try TrustAnchor(decoding: bytes) } catch { throw .invalidAnchor(error) }
  }
}
