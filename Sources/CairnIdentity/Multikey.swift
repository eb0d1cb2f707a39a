public import CairnCrypto

/// Why bytes or a text are not a public key that is known here.
public enum MultikeyError: Error, Equatable, Sendable {
  case text(TextDecodingError)
  /// No varint, or one longer than needed, at the start.
  case malformedHeader
  /// The multicodec header of a private key. Whoever sent it should consider the key lost.
  case privateKey(header: UInt64)
  case unknownHeader(UInt64)
  case wrongLength(expected: Int, actual: Int)
  /// A compressed point of a Weierstrass curve starts with 2 or 3 (SEC 1, section 2.3.3).
  case notCompressed

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .text(let error): error.reason
    case .malformedHeader: "malformed_key_header"
    case .privateKey: "private_key"
    case .unknownHeader: "unknown_key_header"
    case .wrongLength: "wrong_key_length"
    case .notCompressed: "key_not_compressed"
    }
  }
}

/// A public key with its type: multicodec header and raw key (Controlled Identifiers 1.0, section 2.2.2).
///
/// Of known type and right length; whether it is a point of its curve is not checked here.
public struct Multikey: Hashable, Sendable {
  /// The multicodec code of each known type of public key.
  public enum Kind: UInt64, CaseIterable, Sendable {
    case secp256k1 = 0xe7
    case x25519 = 0xec
    case ed25519 = 0xed
    case p256 = 0x1200
    case p384 = 0x1201

    /// Of the raw key; the Weierstrass curves' points compressed.
    public var keyByteCount: Int {
      switch self {
      case .ed25519, .x25519: 32
      case .p256, .secp256k1: 33
      case .p384: 49
      }
    }

    var isWeierstrass: Bool {
      switch self {
      case .p256, .p384, .secp256k1: true
      case .ed25519, .x25519: false
      }
    }
  }

  /// The block in which multicodec registers private keys: `ed25519-priv` (0x1300) and its neighbours.
  private static let privateKeyHeaders: ClosedRange<UInt64> = 0x1300...0x131f

  public let kind: Kind
  /// Without the header; ``Kind/keyByteCount`` bytes.
  public let keyBytes: [UInt8]

  /// - Parameter bytes: header and raw key.
  public init(_ bytes: [UInt8]) throws(MultikeyError) {
    guard let header = Varint.decodePrefix(of: bytes) else { throw .malformedHeader }
    guard let kind = Kind(rawValue: header.value) else {
      throw Self.privateKeyHeaders.contains(header.value) ? .privateKey(header: header.value) : .unknownHeader(header.value)
    }
    let key = bytes.dropFirst(header.byteCount)
    guard key.count == kind.keyByteCount else { throw .wrongLength(expected: kind.keyByteCount, actual: key.count) }
    guard !kind.isWeierstrass || key.first == 2 || key.first == 3 else { throw .notCompressed }
    (self.kind, self.keyBytes) = (kind, Array(key))
  }

  /// - Parameter multibase: `z` and base58btc, as in `publicKeyMultibase`.
  public init(multibase: some StringProtocol) throws(MultikeyError) {
    let bytes: [UInt8]
    do { bytes = try Multibase.decodeBase58(multibase) } catch { throw .text(error) }
    try self.init(bytes)
  }

  public init(_ key: PublicKey) { (kind, keyBytes) = (.ed25519, key.bytes) }

  /// Header and raw key.
  public var bytes: [UInt8] { Varint.encode(kind.rawValue) + keyBytes }

  /// `z` and base58btc, as in `publicKeyMultibase` and `did:key`.
  public var multibase: String { Multibase.base58(bytes) }

  /// The key, when it is an Ed25519 key.
  public var ed25519: PublicKey? { kind == .ed25519 ? PublicKey(keyBytes) : nil }
}
