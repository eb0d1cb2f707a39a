public import CairnChain
public import CairnCrypto
public import CairnIdentity
import CairnMessages
import Foundation

/// What the operators of a network agree on first. Each then adds a ``SignedGenesisEntry``, on its own host, and all seal the
/// same genesis from the same entries.
public struct GenesisTemplate: Hashable, Sendable {
  static let domain = Domain("cairn/genesis-template/v1")
  /// Of which the constitution is nearly all.
  static let byteLimit = 48 << 10

  public let name: String
  public let timeMilliseconds: UInt64
  public let parameters: Parameters
  public let constitution: Constitution

  public init(
    name: String, timeMilliseconds: UInt64, parameters: Parameters, constitution: Constitution = .standard
  ) throws(GenesisError) {
    try Genesis.check(name: name)
    (self.name, self.timeMilliseconds, self.parameters) = (name, timeMilliseconds, parameters)
    self.constitution = constitution
  }

  /// A canonical `Genesis` without validators, identities and roles.
  public init(decoding bytes: [UInt8]) throws(GenesisError) {
    let message: ProtoGenesis
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .encoding(error) }
    guard message.version == Genesis.version else { throw .version(message.version) }
    guard message.hasParameters else { throw .field("parameters") }
    guard message.hasConstitution else { throw .field("constitution") }
    guard !message.hasValidators, message.identities.isEmpty, message.roles.isEmpty else { throw .field("entries") }
    let constitution: Constitution
    do { constitution = try Constitution(ConstitutionSource(message.constitution)) } catch { throw .constitution(error) }
    try self.init(
      name: message.name, timeMilliseconds: message.timeMs, parameters: Parameters(message.parameters), constitution: constitution)
  }

  private var message: ProtoGenesis {
    var message = ProtoGenesis()
    message.version = Genesis.version
    message.name = name
    message.timeMs = timeMilliseconds
    message.parameters = parameters.message
    message.constitution = constitution.source.message
    return message
  }

  /// A canonical `Genesis` without validators, identities and roles.
  public var bytes: [UInt8] { Canonical.encode(message) }

  /// H("cairn/genesis-template/v1" || 0x00 || bytes): what every entry is signed for.
  public var hash: Digest { .sha256(Self.domain, bytes) }

  /// The genesis of these entries, the same whatever their order: validators and identities come by validator name.
  public func seal(_ entries: [SignedGenesisEntry]) throws(GenesisError) -> Genesis {
    var message = message
    let sorted = try entries.map { signed throws(GenesisError) in try signed.verify(for: self) }
      .sorted { Array($0.validator.name.utf8).lexicographicallyPrecedes(Array($1.validator.name.utf8)) }
    message.validators.validators = sorted.map(\.validator.message)
    message.identities = sorted.map(\.identity.message)
    message.roles = sorted.enumerated().flatMap { index, entry in
      entry.roles.roles.map { role in
        var message = ProtoGenesisRole()
        message.identity = UInt32(index)
        message.role = role.message
        return message
      }
    }
    return try Genesis(message)
  }
}

/// One operator's part of a genesis.
public struct GenesisEntry: Hashable, Sendable {
  static let domain = Domain("cairn/genesis-entry/v1")
  static let byteLimit = 64 << 10

  public let validator: Validator
  /// The operator's own DID.
  public let identity: DIDCreate
  public let roles: Roles

  /// - Parameter salt: 16 bytes; random ones will do.
  public init(
    validator: Validator, control: Control, document: DIDDocument, salt: [UInt8], roles: Roles
  ) throws(GenesisError) {
    var create = ProtoDidCreate()
    create.control = control.message
    create.document = EncodedDocument(document).message
    create.salt = Data(salt)
    var message = ProtoGenesisEntry()
    message.validator = validator.message
    message.identity = create
    message.roles = roles.roles.map(\.message)
    try self.init(message)
  }

  init(decoding bytes: [UInt8]) throws(GenesisError) {
    let message: ProtoGenesisEntry
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .encoding(error) }
    try self.init(message)
  }

  private init(_ message: ProtoGenesisEntry) throws(GenesisError) {
    guard message.hasValidator, message.hasIdentity else { throw .field("entry") }
    do { validator = try Validator(message.validator) } catch { throw .validators(error) }
    do { try validator.validate() } catch { throw .validators(.validatorSet(error)) }
    do {
      identity = try DIDCreate(message.identity, network: nil)
      let checked = CheckedKeys()
      try checked.check(identity.control, identity.document)
    } catch {
      throw .identity(0, error)
    }
    guard let roles = Roles.ascending(message.roles) else { throw .roles }
    self.roles = Roles(roles)
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoGenesisEntry()
    message.validator = validator.message
    message.identity = identity.message
    message.roles = roles.roles.map(\.message)
    return Canonical.encode(message)
  }

  /// - Parameter identityKeys: enough of the identity's update keys to reach their threshold.
  public func signed(
    for template: GenesisTemplate, consensusKey: SigningKey, nodeKey: SigningKey, identityKeys: [SigningKey]
  ) -> SignedGenesisEntry {
    signed(forHash: template.hash, consensusKey: consensusKey, nodeKey: nodeKey, identityKeys: identityKeys)
  }

  /// For a network that runs already, whose digest takes the place of the template's hash.
  public func signed(
    forNetwork network: Digest, consensusKey: SigningKey, nodeKey: SigningKey, identityKeys: [SigningKey]
  ) -> SignedGenesisEntry {
    signed(forHash: network, consensusKey: consensusKey, nodeKey: nodeKey, identityKeys: identityKeys)
  }

  private func signed(
    forHash hash: Digest, consensusKey: SigningKey, nodeKey: SigningKey, identityKeys: [SigningKey]
  ) -> SignedGenesisEntry {
    let message = Self.signedBytes(hash, bytes)
    return SignedGenesisEntry(
      entry: bytes, consensusSignature: consensusKey.signature(for: message), nodeSignature: nodeKey.signature(for: message),
      identitySignatures: identityKeys.map { KeySignature(key: $0.publicKey, signature: $0.signature(for: message)) }
        .sorted { $0.key < $1.key })
  }

  /// "cairn/genesis-entry/v1" || 0x00 || template hash or network || entry.
  static func signedBytes(_ hash: Digest, _ entry: [UInt8]) -> [UInt8] {
    domain.message(hash.bytes + entry)
  }
}

/// A ``GenesisEntry`` with the signatures of all keys that it names, on its way between operators.
public struct SignedGenesisEntry: Hashable, Sendable {
  static let byteLimit = 96 << 10

  /// A canonical `GenesisEntry`.
  public let entry: [UInt8]
  let consensusSignature: Signature
  let nodeSignature: Signature
  let identitySignatures: [KeySignature]

  init(entry: [UInt8], consensusSignature: Signature, nodeSignature: Signature, identitySignatures: [KeySignature]) {
    (self.entry, self.consensusSignature, self.nodeSignature) = (entry, consensusSignature, nodeSignature)
    self.identitySignatures = identitySignatures
  }

  public init(decoding bytes: [UInt8]) throws(GenesisError) {
    let message: ProtoSignedGenesisEntry
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .encoding(error) }
    guard message.identitySignatures.count <= Control.keyLimit else { throw .field("identity_signatures") }
    let identitySignatures = message.identitySignatures.compactMap(KeySignature.init)
    guard let consensusSignature = Signature(message.consensusSignature) else { throw .field("consensus_signature") }
    guard let nodeSignature = Signature(message.nodeSignature) else { throw .field("node_signature") }
    guard identitySignatures.count == message.identitySignatures.count, identitySignatures.isAscending else {
      throw .field("identity_signatures")
    }
    self.init(
      entry: [UInt8](message.entry), consensusSignature: consensusSignature, nodeSignature: nodeSignature,
      identitySignatures: identitySignatures)
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoSignedGenesisEntry()
    message.entry = Data(entry)
    message.consensusSignature = Data(consensusSignature.bytes)
    message.nodeSignature = Data(nodeSignature.bytes)
    message.identitySignatures = identitySignatures.map(\.message)
    return Canonical.encode(message)
  }

  /// The entry, whatever its signatures are worth: for its own operator, who signs it again.
  public func contents() throws(GenesisError) -> GenesisEntry { try GenesisEntry(decoding: entry) }

  /// The entry, when every key that it names signed it for this template.
  public func verify(for template: GenesisTemplate) throws(GenesisError) -> GenesisEntry { try verify(forHash: template.hash) }

  /// The entry, when every key that it names signed it for a network that runs already.
  public func verify(forNetwork network: Digest) throws(GenesisError) -> GenesisEntry { try verify(forHash: network) }

  private func verify(forHash hash: Digest) throws(GenesisError) -> GenesisEntry {
    let entry = try GenesisEntry(decoding: entry)
    let name = entry.validator.name
    let message = GenesisEntry.signedBytes(hash, self.entry)
    guard entry.validator.consensusKey.isValid(consensusSignature, for: message) else {
      throw .entrySignature(validator: name, by: "consensus_key")
    }
    guard entry.validator.nodeKey.isValid(nodeSignature, for: message) else { throw .entrySignature(validator: name, by: "node_key") }
    guard identitySignatures.isAscending, identitySignatures.allSatisfy({ $0.key.isValid($0.signature, for: message) }),
      Signers(identitySignatures.map(\.key)).meetUpdateThreshold(of: entry.identity.control)
    else { throw .entrySignature(validator: name, by: "identity") }
    return entry
  }
}
