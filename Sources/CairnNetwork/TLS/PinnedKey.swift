public import CairnCrypto
public import NIOCore
import NIOSSL

/// Authentication by key alone: a certificate is the Ed25519 key in it.
enum PinnedKey {
  /// SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410, section 4).
  private static let spkiPrefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]

  /// `nil` for any other kind of key.
  static func key(of certificate: NIOSSLCertificate) -> PublicKey? {
    guard let spki = try? certificate.extractPublicKey().toSPKIBytes(), spki.starts(with: spkiPrefix) else { return nil }
    return PublicKey(spki.dropFirst(spkiPrefix.count))
  }

  /// Replaces the rules of certificate authorities. The handshake itself proves that the peer holds the key.
  static func verification(accepting: @escaping @Sendable (PublicKey) -> Bool) -> NIOSSLCustomVerificationCallback {
    { certificates, promise in
      guard let leaf = certificates.first, let key = key(of: leaf), accepting(key) else { return promise.succeed(.failed) }
      promise.succeed(.certificateVerified)
    }
  }
}

extension Channel {
  /// The key that the peer proved to hold; `nil` without TLS, before the handshake, or for a client without a certificate.
  ///
  /// Call it on the channel's event loop. A server should compare the key with whom it accepts *now*: a resumed session
  /// was judged when it began.
  public var authenticatedPeerKey: PublicKey? {
    guard let certificate = try? pipeline.syncOperations.nioSSL_peerCertificate() else { return nil }
    return PinnedKey.key(of: certificate)
  }
}
