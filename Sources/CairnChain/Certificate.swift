public import CairnCrypto
public import CairnMessages
import Foundation

/// A quorum of signatures over one statement.
///
/// A value of this type has the right shape for its validator set's size; ``Verified`` says that its signatures are right.
public struct Certificate: Hashable, Sendable {
  /// Enough for 31 signatures, see ``ValidatorSet/countLimit``.
  public static let byteLimit = 2 << 10

  public let statement: Statement
  /// Ascending indices, each with its signature.
  public let signatures: [(validator: Int, signature: Signature)]

  init(statement: Statement, signatures: [(validator: Int, signature: Signature)]) {
    self.statement = statement
    self.signatures = signatures
  }

  public var signers: [Int] { signatures.map(\.validator) }

  public static func == (left: Certificate, right: Certificate) -> Bool {
    left.statement == right.statement && left.signatures.elementsEqual(right.signatures) { $0 == $1 }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(statement)
    for (validator, signature) in signatures {
      hasher.combine(validator)
      hasher.combine(signature)
    }
  }
}

extension Certificate {
  /// - Parameter validatorCount: n of the epoch that the certificate claims; decides the bitmap's length and the quorum.
  public init(decoding bytes: [UInt8], validatorCount: Int) throws(ChainError) {
    let message: ProtoCertificate
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .encoding(error) }
    try self.init(message, validatorCount: validatorCount)
  }

  /// Rejects a bitmap of the wrong length, a bit at or beyond n, a count of signatures that differs from the bits, and less
  /// than a quorum.
  public init(_ message: ProtoCertificate, validatorCount: Int) throws(ChainError) {
    let digest = message.digest.isEmpty ? nil : Digest(message.digest)
    guard let kind = UInt8(exactly: message.kind.rawValue).flatMap(Statement.Kind.init),
      (digest == nil) == message.digest.isEmpty,
      let statement = Statement(kind: kind, epoch: message.epoch, view: message.view, digest: digest)
    else { throw .certificate(.statement) }
    let bitmap = [UInt8](message.signers)
    guard bitmap.count == (validatorCount + 7) / 8 else { throw .certificate(.bitmapLength) }
    let signers = (0..<bitmap.count * 8).filter { bitmap[$0 >> 3] >> UInt8($0 & 7) & 1 == 1 }
    guard signers.allSatisfy({ $0 < validatorCount }) else { throw .certificate(.unknownSigner) }
    let quorum = validatorCount - (validatorCount - 1) / 3
    guard signers.count >= quorum else { throw .certificate(.belowQuorum(signers: signers.count, quorum: quorum)) }
    let bytes = [UInt8](message.signatures)
    guard bytes.count == signers.count * Signature.byteCount else { throw .certificate(.signatureCount) }
    var signatures: [(validator: Int, signature: Signature)] = []
    for (position, validator) in signers.enumerated() {
      let start = position * Signature.byteCount
      guard let signature = Signature(bytes[start..<start + Signature.byteCount]) else { throw .certificate(.signatureCount) }
      signatures.append((validator, signature))
    }
    self.init(statement: statement, signatures: signatures)
  }

  /// - Parameter validatorCount: n of the certificate's epoch, for the bitmap's length. Traps when a signer is beyond it.
  public func message(validatorCount: Int) -> ProtoCertificate {
    var message = ProtoCertificate()
    message.kind = ProtoStatementKind(rawValue: Int(statement.kind.rawValue)) ?? .unspecified
    message.epoch = statement.epoch
    message.view = statement.view
    if let digest = statement.digest { message.digest = Data(digest.bytes) }
    var bitmap = [UInt8](repeating: 0, count: (validatorCount + 7) / 8)
    for (validator, _) in signatures { bitmap[validator >> 3] |= 1 << UInt8(validator & 7) }
    message.signers = Data(bitmap)
    message.signatures = Data(signatures.flatMap(\.signature.bytes))
    return message
  }

  public func bytes(validatorCount: Int) -> [UInt8] { Canonical.encode(message(validatorCount: validatorCount)) }
}
