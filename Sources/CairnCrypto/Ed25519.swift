private import CSodium

/// An Ed25519 public key (RFC 8032), 32 bytes. Any 32 bytes can be held; ``isValidPoint`` says whether they are a key.
public struct PublicKey: Hashable, Sendable, Comparable {
  public static let byteCount = 32

  private let raw: Digest

  /// `nil` unless there are exactly 32 bytes.
  public init?(_ bytes: some Sequence<UInt8>) {
    guard let raw = Digest(bytes) else { return nil }
    self.raw = raw
  }

  public var bytes: [UInt8] { raw.bytes }

  /// On the curve, canonical, of the prime-order subgroup and not of small order. Required where a key is registered.
  public var isValidPoint: Bool {
    _ = Sodium.ready
    return raw.withUnsafeBytes { key in
      key.bindMemory(to: UInt8.self).baseAddress.map { crypto_core_ed25519_is_valid_point($0) }
    } == 1
  }

  /// Strict and cofactorless: rejects non-canonical encodings of R, S and the key, and keys of small order. One verifier
  /// everywhere, because two that differ on one signature can fork a ledger.
  public func isValid(_ signature: Signature, for message: [UInt8]) -> Bool {
    _ = Sodium.ready
    return raw.withUnsafeBytes { key in
      signature.withUnsafeBytes { signature in
        guard let key = key.bindMemory(to: UInt8.self).baseAddress, let signature = signature.bindMemory(to: UInt8.self).baseAddress
        else { return false }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), key) == 0
      }
    }
  }

  public static func < (left: PublicKey, right: PublicKey) -> Bool { left.raw < right.raw }
}

extension PublicKey: CustomStringConvertible {
  public var description: String { raw.description }
}

/// An Ed25519 signature, 64 bytes: R || S.
public struct Signature: Hashable, Sendable {
  public static let byteCount = 64

  private let r, s: Digest

  /// `nil` unless there are exactly 64 bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    let halves = Array(bytes).withUnsafeBytes { bytes -> (Digest, Digest)? in
      guard bytes.count == Self.byteCount, let r = Digest(rawBytes: UnsafeRawBufferPointer(rebasing: bytes[..<32])),
        let s = Digest(rawBytes: UnsafeRawBufferPointer(rebasing: bytes[32...]))
      else { return nil }
      return (r, s)
    }
    guard let halves else { return nil }
    (r, s) = halves
  }

  public var bytes: [UInt8] { r.bytes + s.bytes }

  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    r.withUnsafeBytes { r in
      s.withUnsafeBytes { s in
        withUnsafeTemporaryAllocation(byteCount: Self.byteCount, alignment: 8) { buffer in
          buffer.copyBytes(from: r)
          UnsafeMutableRawBufferPointer(rebasing: buffer[32...]).copyBytes(from: s)
          return body(UnsafeRawBufferPointer(buffer))
        }
      }
    }
  }
}

/// An Ed25519 private key. Its secret bytes are never printed, and wiped when the last reference goes.
public struct SigningKey: Sendable {
  public static let seedByteCount = 32

  public let publicKey: PublicKey
  private let secret: SecretBytes

  /// - Parameter seed: 32 bytes (RFC 8032, section 5.1.5); `nil` for any other count.
  public init?(seed: [UInt8]) {
    guard seed.count == Self.seedByteCount else { return nil }
    _ = Sodium.ready
    var publicBytes = [UInt8](repeating: 0, count: PublicKey.byteCount)
    let secret = SecretBytes(count: Int(crypto_sign_secretkeybytes())) { secret in
      guard let secret = secret.bindMemory(to: UInt8.self).baseAddress else { return }
      crypto_sign_seed_keypair(&publicBytes, secret, seed)
    }
    guard let publicKey = PublicKey(publicBytes) else { return nil }
    self.publicKey = publicKey
    self.secret = secret
  }

  /// A new random key.
  public static func generate() -> SigningKey {
    guard let key = SigningKey(seed: randomBytes(seedByteCount)) else { preconditionFailure("a seed has 32 bytes") }
    return key
  }

  /// The 32 bytes from which ``init(seed:)`` makes this key again. Handle with care: this is the secret.
  public var seed: [UInt8] { secret.withUnsafeBytes { Array($0.prefix(Self.seedByteCount)) } }

  public func signature(for message: [UInt8]) -> Signature {
    var bytes = [UInt8](repeating: 0, count: Signature.byteCount)
    secret.withUnsafeBytes { secret in
      guard let secret = secret.bindMemory(to: UInt8.self).baseAddress else { return }
      crypto_sign_detached(&bytes, nil, message, UInt64(message.count), secret)
    }
    guard let signature = Signature(bytes) else { preconditionFailure("a signature has 64 bytes") }
    return signature
  }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible {
  public var description: String { "SigningKey(\(publicKey))" }
  public var debugDescription: String { description }
}
