public import CairnCrypto

/// One validator's signed statement.
public struct Vote: Hashable, Sendable {
  /// `kind u8 | epoch u64be | view u64be | digest(32), zero for Nullify | validator u16be | signature(64)`.
  public static let byteCount = 115

  public let statement: Statement
  /// Index in the epoch's validator set.
  public let validator: Int
  public let signature: Signature

  public init(statement: Statement, validator: Int, signature: Signature) {
    self.statement = statement
    self.validator = validator
    self.signature = signature
  }

  /// The fixed-width encoding. Its signature may still be anything.
  public init(decoding bytes: [UInt8]) throws(ChainError) {
    guard bytes.count == Self.byteCount else { throw .encoding(.malformed) }
    guard let kind = Statement.Kind(rawValue: bytes[0]), let digest = Digest(bytes[17..<49]),
      kind != .nullify || digest == .zero,
      let statement = Statement(
        kind: kind, epoch: Self.integer(bytes[1..<9]), view: Self.integer(bytes[9..<17]), digest: kind == .nullify ? nil : digest)
    else { throw .field("statement") }
    guard let signature = Signature(bytes[51...]) else { throw .field("signature") }
    self.init(statement: statement, validator: Int(bytes[49]) << 8 | Int(bytes[50]), signature: signature)
  }

  public var bytes: [UInt8] {
    var bytes: [UInt8] = [statement.kind.rawValue]
    bytes.reserveCapacity(Self.byteCount)
    bytes.append(bigEndian: statement.epoch)
    bytes.append(bigEndian: statement.view)
    bytes += (statement.digest ?? .zero).bytes
    bytes += [UInt8(truncatingIfNeeded: validator >> 8), UInt8(truncatingIfNeeded: validator)]
    bytes += signature.bytes
    return bytes
  }

  private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
