public import CairnCrypto

/// An Ed25519 public key as a JSON Web Key (RFC 8037): `crv`, `kty` and `x`, which are also the members of its thumbprint.
///
/// Without `alg`: the curve admits one algorithm, and its registered name is changing (RFC 9864).
public struct JSONWebKey: Hashable, Sendable {
  public let publicKey: PublicKey

  public init(_ publicKey: PublicKey) { self.publicKey = publicKey }

  /// RFC 8785 bytes.
  public var json: [UInt8] {
    var bytes: [UInt8] = []
    Self.append(publicKey.bytes, to: &bytes)
    return bytes
  }

  /// SHA-256 thumbprint (RFC 7638) in base64url.
  public var thumbprint: String { Base64URL.encode(Digest.sha256(json).bytes) }

  /// - Parameter key: the raw key, 32 bytes.
  static func append(_ key: [UInt8], to bytes: inout [UInt8]) {
    bytes.append(contentsOf: #"{"crv":"Ed25519","kty":"OKP","x":""#.utf8)
    bytes.append(contentsOf: Base64URL.characters(of: key))
    bytes.append(contentsOf: #""}"#.utf8)
  }
}

extension JSONWebKey {
  /// A public Ed25519 key of any other members; `nil` for any other key, and for one that holds its private part.
  public init?(_ json: JSON) {
    guard json["kty"]?.isText("OKP") == true, json["crv"]?.isText("Ed25519") == true, !PrivateKeyMaterial.isInKey(json),
      let text = json["x"]?.string, let bytes = try? Base64URL.decode(text), let key = PublicKey(bytes)
    else { return nil }
    self.init(key)
  }
}
