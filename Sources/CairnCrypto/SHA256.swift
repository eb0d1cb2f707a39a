private import Crypto

/// SHA-256 (FIPS 180-4), on the CPU's SHA instructions where it has them.
public struct SHA256Hasher: Sendable {
  private var function = Crypto.SHA256()

  public init() {}

  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { function.update(bufferPointer: $0) }
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    function.update(bufferPointer: bytes)
  }

  public mutating func update(_ digest: Digest) {
    digest.withUnsafeBytes { function.update(bufferPointer: $0) }
  }

  public mutating func update(byte: UInt8) {
    withUnsafeBytes(of: byte) { function.update(bufferPointer: $0) }
  }

  public consuming func finalize() -> Digest {
    function.finalize().withUnsafeBytes { bytes in
      guard let digest = Digest(rawBytes: bytes) else { preconditionFailure("SHA-256 yields 32 bytes") }
      return digest
    }
  }
}

extension Digest {
  /// SHA-256 of the bytes.
  public static func sha256(_ bytes: [UInt8]) -> Digest {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finalize()
  }

  /// SHA-256 of bytes that lie in one place.
  public static func sha256(_ bytes: UnsafeRawBufferPointer) -> Digest {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finalize()
  }

  /// SHA-256 of `domain || 0x00 || bytes`.
  public static func sha256(_ domain: Domain, _ bytes: [UInt8]) -> Digest {
    var hasher = SHA256Hasher()
    hasher.update(domain.prefix)
    hasher.update(bytes)
    return hasher.finalize()
  }
}

/// What a hash or a signature is about. No bytes hashed or signed for one purpose can pass for another's.
public struct Domain: Sendable {
  /// `name || 0x00`.
  public let prefix: [UInt8]

  /// - Parameter name: printable ASCII, for example `cairn/tx/v1`.
  public init(_ name: StaticString) {
    prefix = name.withUTF8Buffer { Array($0) } + [0]
  }

  /// `name || 0x00 || bytes`: what a signature covers.
  public func message(_ bytes: [UInt8]) -> [UInt8] { prefix + bytes }
}
