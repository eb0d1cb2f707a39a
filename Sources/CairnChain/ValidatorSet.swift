public import CairnCrypto
public import CairnMessages

/// The validators of one epoch; the order gives each its index.
public struct ValidatorSet: Hashable, Sendable {
  public static let domain = Domain("cairn/validators/v1")
  /// With more, a certificate with every signature would exceed its 2 KiB. With 31 it has 2,031 bytes and the varints of epoch
  /// and view, which fit when both are below 2^56.
  public static let countLimit = 31
  /// 31 validators with the longest names and addresses come to less than 20 KiB.
  static let byteLimit = 32 << 10

  public let validators: [Validator]
  /// The canonical encoding.
  public let bytes: [UInt8]
  /// H("cairn/validators/v1" || 0x00 || bytes).
  public let hash: Digest

  public init(_ validators: [Validator]) throws(ValidatorSetError) {
    guard (1...Self.countLimit).contains(validators.count) else { throw .count(validators.count) }
    var names: Set<String> = []
    var keys: Set<PublicKey> = []
    for validator in validators {
      try validator.validate()
      guard names.insert(validator.name).inserted else { throw .duplicateName(validator.name) }
      guard keys.insert(validator.consensusKey).inserted, keys.insert(validator.nodeKey).inserted else {
        throw .duplicateKey(validator: validator.name)
      }
    }
    self.validators = validators
    bytes = Canonical.encode(Self.message(validators))
    hash = .sha256(Self.domain, bytes)
  }

  public init(decoding bytes: [UInt8]) throws(ChainError) {
    let message: ProtoValidatorSet
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .encoding(error) }
    try self.init(message)
  }

  public init(_ message: ProtoValidatorSet) throws(ChainError) {
    guard message.validators.count <= Self.countLimit else { throw .validatorSet(.count(message.validators.count)) }
    var validators: [Validator] = []
    for validator in message.validators { validators.append(try Validator(validator)) }
    do { try self.init(validators) } catch { throw .validatorSet(error) }
  }

  public var message: ProtoValidatorSet { Self.message(validators) }

  private static func message(_ validators: [Validator]) -> ProtoValidatorSet {
    var message = ProtoValidatorSet()
    message.validators = validators.map(\.message)
    return message
  }

  public var count: Int { validators.count }
  /// f: how many may be Byzantine.
  public var faults: Int { (count - 1) / 3 }
  /// q = n - f: how many must sign.
  public var quorum: Int { count - faults }

  /// `nil` for an index that no validator has.
  public subscript(index: Int) -> Validator? { validators.indices.contains(index) ? validators[index] : nil }

  public func index(ofConsensusKey key: PublicKey) -> Int? { validators.firstIndex { $0.consensusKey == key } }

  public static func == (left: ValidatorSet, right: ValidatorSet) -> Bool { left.hash == right.hash }
  public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
