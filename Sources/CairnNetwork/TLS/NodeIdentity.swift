public import CairnCrypto
import Crypto
import Foundation
package import NIOSSL
import SwiftASN1
import X509

/// What a node shows on a TLS connection: its Ed25519 key, wrapped in a self-signed certificate made in memory.
///
/// The certificate carries nothing that anyone relies on but the key: peers and clients compare that key with the one they
/// expect, and no certificate authority takes part.
public struct NodeIdentity: Sendable {
  /// The key that peers and clients pin.
  public let publicKey: PublicKey

  package let certificate: NIOSSLCertificate
  package let privateKey: NIOSSLPrivateKey

  /// - Parameter commonName: for people who look at the certificate; verified by nobody.
  public init(_ key: SigningKey, commonName: String = "cairn") throws(TLSError) {
    publicKey = key.publicKey
    do {
      certificate = try NIOSSLCertificate(bytes: Self.selfSignedCertificate(key, commonName: commonName), format: .der)
      privateKey = try NIOSSLPrivateKey(bytes: Self.pkcs8Prefix + key.seed, format: .der)
    } catch {
      throw .identity("\(error)")
    }
  }

  /// PKCS#8 of an Ed25519 private key up to its 32-byte seed (RFC 8410, section 7):
  /// `SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.112 }, OCTET STRING { OCTET STRING seed } }`.
  private static let pkcs8Prefix: [UInt8] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
  ]

  /// Valid from an hour ago, for clocks that are behind, and for ten years; a node makes a new one each time it starts.
  private static func selfSignedCertificate(_ signingKey: SigningKey, commonName: String) throws -> [UInt8] {
    let key = Certificate.PrivateKey(try Curve25519.Signing.PrivateKey(rawRepresentation: signingKey.seed))
    let name = try DistinguishedName { CommonName(commonName) }
    let now = Date()
    let certificate = try Certificate(
      version: .v3,
      serialNumber: Certificate.SerialNumber(),
      publicKey: key.publicKey,
      notValidBefore: now.addingTimeInterval(-3600),
      notValidAfter: now.addingTimeInterval(10 * 365 * 86_400),
      issuer: name,
      subject: name,
      signatureAlgorithm: .ed25519,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth, .clientAuth])
      },
      issuerPrivateKey: key)
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }
}
