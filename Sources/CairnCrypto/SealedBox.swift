private import CSodium

/// How much work a guess of the passphrase costs: Argon2id (RFC 9106), one lane.
public struct PassphraseHashing: Hashable, Sendable {
  /// Passes over the memory.
  public var operations: UInt64
  public var memoryBytes: Int

  /// Accepted from a file: more would let a file exhaust the machine, less is below what libsodium computes.
  static let operationsRange: ClosedRange<UInt64> = 1...32
  static let memoryRange = 8 << 10...1 << 30

  public init(operations: UInt64, memoryBytes: Int) {
    self.operations = operations
    self.memoryBytes = memoryBytes
  }

  /// For keys at rest: about half a second and 256 MiB (libsodium's "moderate").
  public static let standard = PassphraseHashing(operations: 3, memoryBytes: 256 << 20)
  /// For throw-away clusters, whose passphrase is random and lies beside the file.
  public static let minimal = PassphraseHashing(operations: 1, memoryBytes: 8 << 10)

  var isAcceptable: Bool { Self.operationsRange.contains(operations) && Self.memoryRange.contains(memoryBytes) }
}

/// XChaCha20-Poly1305 under a key that Argon2id derives from a passphrase.
enum SealedBox {
  static let saltByteCount = Int(crypto_pwhash_saltbytes())
  static let nonceByteCount = Int(crypto_aead_xchacha20poly1305_ietf_npubbytes())
  static let tagByteCount = Int(crypto_aead_xchacha20poly1305_ietf_abytes())

  /// - Returns: the ciphertext and its tag; `nil` when there is no memory for the passphrase hashing.
  static func seal(
    _ secret: [UInt8], authenticating context: [UInt8], passphrase: [UInt8], hashing: PassphraseHashing, salt: [UInt8], nonce: [UInt8]
  ) -> [UInt8]? {
    withKey(passphrase, hashing, salt) { key in
      var sealed = [UInt8](repeating: 0, count: secret.count + tagByteCount)
      let status = crypto_aead_xchacha20poly1305_ietf_encrypt(
        &sealed, nil, secret, UInt64(secret.count), context, UInt64(context.count), nil, nonce, key)
      return status == 0 ? sealed : nil
    }
  }

  /// - Returns: the secret; `nil` for a wrong passphrase or changed bytes.
  static func open(
    _ sealed: [UInt8], authenticating context: [UInt8], passphrase: [UInt8], hashing: PassphraseHashing, salt: [UInt8], nonce: [UInt8]
  ) -> [UInt8]? {
    guard sealed.count >= tagByteCount, nonce.count == nonceByteCount else { return nil }
    return withKey(passphrase, hashing, salt) { key in
      var secret = [UInt8](repeating: 0, count: sealed.count - tagByteCount)
      let status = crypto_aead_xchacha20poly1305_ietf_decrypt(
        &secret, nil, nil, sealed, UInt64(sealed.count), context, UInt64(context.count), nonce, key)
      return status == 0 ? secret : nil
    }
  }

  private static func withKey<Result>(
    _ passphrase: [UInt8], _ hashing: PassphraseHashing, _ salt: [UInt8], _ body: ([UInt8]) -> Result?
  ) -> Result? {
    _ = Sodium.ready
    guard salt.count == saltByteCount, hashing.isAcceptable else { return nil }
    var key = [UInt8](repeating: 0, count: Int(crypto_aead_xchacha20poly1305_ietf_keybytes()))
    defer { sodium_memzero(&key, key.count) }
    let status = crypto_pwhash(
      &key, UInt64(key.count), passphrase.map(CChar.init(bitPattern:)), UInt64(passphrase.count), salt, hashing.operations,
      hashing.memoryBytes, crypto_pwhash_alg_argon2id13())
    return status == 0 ? body(key) : nil
  }
}
