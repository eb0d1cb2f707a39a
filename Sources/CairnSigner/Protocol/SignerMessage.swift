package import CairnChain
package import CairnCrypto

/// What a node and its signer say to each other; each message is the payload of one frame, all integers big-endian.
///
/// | code | from | payload |
/// |---|---|---|
/// | 1 hello | node, first, request id 0 | `version u16, network(32), key(32) [, vote(115)]`: the highest vote of its own that it remembers |
/// | 1 hello | signer, in answer | `version u16, network(32), key(32)` |
/// | 2 sign | node | `kind u8, epoch u64, view u64, digest(32)`, zero for Nullify |
/// | 3 signed | signer, with the request's id | `signature(64)` |
/// | 4 refused | signer, with the request's id, 0 for the hello's | `reason u8`, see ``SigningRefusal`` |
///
/// Each has one encoding of fixed width; anything else ends the connection.
package enum SignerMessage: Equatable, Sendable {
  case hello(SignerHello)
  case sign(Statement)
  case signed(Signature)
  case refused(SigningRefusal)

  /// The longest is a hello with a vote.
  package static let byteLimit = SignerHello.byteCount + Vote.byteCount
  package static let statementByteCount = 49

  package enum Code: UInt16, Sendable {
    case hello = 1
    case sign = 2
    case signed = 3
    case refused = 4
  }

  package var code: UInt16 {
    switch self {
    case .hello: Code.hello.rawValue
    case .sign: Code.sign.rawValue
    case .signed: Code.signed.rawValue
    case .refused: Code.refused.rawValue
    }
  }

  package var bytes: [UInt8] {
    switch self {
    case .hello(let hello): hello.bytes
    case .sign(let statement): Self.bytes(of: statement)
    case .signed(let signature): signature.bytes
    case .refused(let refusal): [refusal.rawValue]
    }
  }

  /// `nil` when these bytes are no message of this code.
  package init?(code: UInt16, decoding bytes: [UInt8]) {
    switch Code(rawValue: code) {
    case .hello:
      guard let hello = SignerHello(decoding: bytes) else { return nil }
      self = .hello(hello)
    case .sign:
      guard let statement = Self.statement(bytes) else { return nil }
      self = .sign(statement)
    case .signed:
      guard let signature = Signature(bytes) else { return nil }
      self = .signed(signature)
    case .refused:
      guard bytes.count == 1, let refusal = SigningRefusal(rawValue: bytes[0]) else { return nil }
      self = .refused(refusal)
    case nil: return nil
    }
  }

  /// As the first part of a vote's encoding.
  private static func bytes(of statement: Statement) -> [UInt8] {
    [statement.kind.rawValue] + bigEndian(statement.epoch) + bigEndian(statement.view) + (statement.digest ?? .zero).bytes
  }

  private static func statement(_ bytes: [UInt8]) -> Statement? {
    guard bytes.count == statementByteCount, let kind = Statement.Kind(rawValue: bytes[0]), let digest = Digest(bytes[17...]),
      kind != .nullify || digest == .zero
    else { return nil }
    return Statement(kind: kind, epoch: integer(bytes[1..<9]), view: integer(bytes[9..<17]), digest: kind == .nullify ? nil : digest)
  }

  private static func bigEndian(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
  private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

/// The first message of each side.
package struct SignerHello: Equatable, Sendable {
  package static let version: UInt16 = 1
  /// Without a vote.
  static let byteCount = 2 + Digest.byteCount + PublicKey.byteCount

  package let version: UInt16
  package let network: Digest
  /// Of the validator whose votes are signed.
  package let key: PublicKey
  /// The node's highest own vote, which shows a signer whose record is an older copy that it is.
  package let vote: Vote?

  package init(version: UInt16 = Self.version, network: Digest, key: PublicKey, vote: Vote? = nil) {
    (self.version, self.network, self.key, self.vote) = (version, network, key, vote)
  }

  var bytes: [UInt8] {
    [UInt8(truncatingIfNeeded: version >> 8), UInt8(truncatingIfNeeded: version)] + network.bytes + key.bytes + (vote?.bytes ?? [])
  }

  init?(decoding bytes: [UInt8]) {
    guard bytes.count == Self.byteCount || bytes.count == Self.byteCount + Vote.byteCount,
      let network = Digest(bytes[2..<34]), let key = PublicKey(bytes[34..<66])
    else { return nil }
    var vote: Vote?
    if bytes.count > Self.byteCount {
      guard let remembered = try? Vote(decoding: Array(bytes[Self.byteCount...])) else { return nil }
      vote = remembered
    }
    self.init(version: UInt16(bytes[0]) << 8 | UInt16(bytes[1]), network: network, key: key, vote: vote)
  }

  /// What speaks against somebody who means another network, key or version.
  func refusal(of other: SignerHello) -> SigningRefusal? {
    if other.version != version { return .version }
    if other.network != network { return .network }
    return other.key != key ? .key : nil
  }
}
