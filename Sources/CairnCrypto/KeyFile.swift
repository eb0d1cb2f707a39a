import Foundation

/// Named Ed25519 keys, encrypted under one passphrase; names and public keys stay readable, and are authenticated.
///
/// The file is JSON:
/// ```
/// { "version": 1,
///   "keys": [ { "name": "consensus", "publicKey": "<64 hex digits>" }, … ],
///   "passphrase": { "algorithm": "argon2id", "operations": 3, "memoryBytes": 268435456, "salt": "<32 hex digits>" },
///   "encryption": { "algorithm": "xchacha20-poly1305", "nonce": "<48 hex digits>", "ciphertext": "<hex>" } }
/// ```
/// The plaintext is the 32-byte seeds, one after the other in the order of `keys`. The additional data is
/// `"cairn/key-file/v1" || 0x00`, then `name || 0x00 || public key` of each key.
public struct KeyFile: Sendable {
  /// A wallet of ten thousand agents with three keys each is about 4 MiB.
  public static let byteLimit = 16 << 20
  public static let keyLimit = 65_536
  private static let version = 1
  private static let domain = Domain("cairn/key-file/v1")

  public struct Entry: Hashable, Sendable {
    public let name: String
    public let publicKey: PublicKey
  }

  /// What can be read without the passphrase.
  public let entries: [Entry]
  private let stored: Stored

  /// - Parameter bytes: the contents of a key file, from anywhere.
  public init(decoding bytes: [UInt8]) throws(KeyFileError) {
    guard bytes.count <= Self.byteLimit else { throw .tooLong }
    guard let stored = try? JSONDecoder().decode(Stored.self, from: Data(bytes)) else { throw .malformed }
    guard stored.version == Self.version, stored.passphrase.algorithm == Stored.kdf, stored.encryption.algorithm == Stored.aead else {
      throw .unknownVersion
    }
    guard stored.keys.count <= Self.keyLimit else { throw .tooLong }
    var entries: [Entry] = []
    for key in stored.keys {
      guard let publicKey = Hex.decode(key.publicKey).flatMap({ PublicKey($0) }) else { throw .malformed }
      entries.append(Entry(name: key.name, publicKey: publicKey))
    }
    self.entries = entries
    self.stored = stored
  }

  /// Encrypts keys.
  ///
  /// - Parameters:
  ///   - keys: in the order in which they are listed.
  ///   - passphrase: any bytes.
  public init(
    encrypting keys: [(name: String, key: SigningKey)], passphrase: [UInt8], hashing: PassphraseHashing = .standard
  ) throws(KeyFileError) {
    guard keys.count <= Self.keyLimit else { throw .tooLong }
    entries = keys.map { Entry(name: $0.name, publicKey: $0.key.publicKey) }
    let salt = randomBytes(SealedBox.saltByteCount)
    let nonce = randomBytes(SealedBox.nonceByteCount)
    guard
      let ciphertext = SealedBox.seal(
        keys.flatMap(\.key.seed), authenticating: Self.context(entries), passphrase: passphrase, hashing: hashing, salt: salt, nonce: nonce)
    else { throw .outOfMemory }
    stored = Stored(
      version: Self.version,
      keys: entries.map { Stored.Key(name: $0.name, publicKey: $0.publicKey.description) },
      passphrase: Stored.Passphrase(
        algorithm: Stored.kdf, operations: hashing.operations, memoryBytes: hashing.memoryBytes, salt: Hex.encode(salt)),
      encryption: Stored.Encryption(algorithm: Stored.aead, nonce: Hex.encode(nonce), ciphertext: Hex.encode(ciphertext)))
  }

  /// The contents to write.
  public var bytes: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    guard let data = try? encoder.encode(stored) else { preconditionFailure("strings and integers always encode") }
    return [UInt8](data) + [UInt8(ascii: "\n")]
  }

  /// Whether a guess of the passphrase costs next to nothing, as for throw-away clusters; for tests that make many.
  package var isCheap: Bool {
    stored.passphrase.operations <= PassphraseHashing.minimal.operations
      && stored.passphrase.memoryBytes <= PassphraseHashing.minimal.memoryBytes
  }

  /// The keys, in the order of ``entries``.
  public func decrypt(passphrase: [UInt8]) throws(KeyFileError) -> [(name: String, key: SigningKey)] {
    let hashing = PassphraseHashing(operations: stored.passphrase.operations, memoryBytes: stored.passphrase.memoryBytes)
    guard hashing.isAcceptable, let salt = Hex.decode(stored.passphrase.salt), salt.count == SealedBox.saltByteCount,
      let nonce = Hex.decode(stored.encryption.nonce), nonce.count == SealedBox.nonceByteCount,
      let ciphertext = Hex.decode(stored.encryption.ciphertext)
    else { throw .malformed }
    guard
      let seeds = SealedBox.open(
        ciphertext, authenticating: Self.context(entries), passphrase: passphrase, hashing: hashing, salt: salt, nonce: nonce)
    else { throw .wrongPassphrase }
    guard seeds.count == entries.count * SigningKey.seedByteCount else { throw .malformed }
    var keys: [(name: String, key: SigningKey)] = []
    for (position, entry) in entries.enumerated() {
      let start = position * SigningKey.seedByteCount
      guard let key = SigningKey(seed: Array(seeds[start..<start + SigningKey.seedByteCount])), key.publicKey == entry.publicKey else {
        throw .malformed
      }
      keys.append((entry.name, key))
    }
    return keys
  }

  private static func context(_ entries: [Entry]) -> [UInt8] {
    entries.reduce(into: domain.prefix) { $0 += Array($1.name.utf8) + [0] + $1.publicKey.bytes }
  }

  private struct Stored: Codable {
    static let kdf = "argon2id"
    static let aead = "xchacha20-poly1305"

    struct Key: Codable {
      var name: String
      var publicKey: String
    }
    struct Passphrase: Codable {
      var algorithm: String
      var operations: UInt64
      var memoryBytes: Int
      var salt: String
    }
    struct Encryption: Codable {
      var algorithm: String
      var nonce: String
      var ciphertext: String
    }
    var version: Int
    var keys: [Key]
    var passphrase: Passphrase
    var encryption: Encryption
  }
}

public enum KeyFileError: Error, Equatable, Sendable {
  case tooLong
  case malformed
  case unknownVersion
  /// Or the file was changed: authenticated encryption cannot tell the two apart.
  case wrongPassphrase
  case outOfMemory

  public var reason: String {
    switch self {
    case .tooLong: "key_file_too_long"
    case .malformed: "key_file_malformed"
    case .unknownVersion: "key_file_version"
    case .wrongPassphrase: "wrong_passphrase"
    case .outOfMemory: "out_of_memory"
    }
  }
}
