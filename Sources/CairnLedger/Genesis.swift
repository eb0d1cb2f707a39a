public import CairnChain
public import CairnCrypto
public import CairnIdentity
import CairnMessages

/// What a network starts from; its digest is the network.
public struct Genesis: Sendable {
  public static let version: UInt32 = 1
  /// As many identities as fit, each like a full transaction's operation at most.
  public static let byteLimit = 1 << 20
  /// For people and logs.
  public static let nameByteLimit = 64
  /// The operators' own and a few for their registrars; all others are enrolled by transactions.
  public static let identityLimit = 256

  /// Visible ASCII and spaces.
  public let name: String
  /// Header time of the genesis block, Unix time.
  public let timeMilliseconds: UInt64
  public let validators: ValidatorSet
  public let parameters: Parameters
  /// Who may do what.
  public let constitution: Constitution
  /// The DIDs that hold roles from the start, as the operations that create them.
  public let identities: [LedgerOperation]
  /// Of each identity.
  public let roles: [Roles]
  /// The canonical encoding.
  public let bytes: [UInt8]
  /// H(bytes).
  public let network: Digest

  /// Strict, and everything in it valid.
  public init(decoding bytes: [UInt8]) throws(GenesisError) {
    let message: ProtoGenesis
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .encoding(error) }
    guard message.version == Self.version else { throw .version(message.version) }
    guard message.hasValidators else { throw .field("validators") }
    guard message.hasParameters else { throw .field("parameters") }
    guard message.hasConstitution else { throw .field("constitution") }
    try Self.check(name: message.name)
    do { validators = try ValidatorSet(message.validators) } catch { throw .validators(error) }
    network = .sha256(bytes)
    identities = try Self.identities(message.identities, network: network)
    let roles = try Self.roles(message.roles, identityCount: identities.count)
    self.roles = roles
    name = message.name
    timeMilliseconds = message.timeMs
    parameters = Parameters(message.parameters)
    do { constitution = try Constitution(ConstitutionSource(message.constitution)) } catch { throw .constitution(error) }
    self.bytes = bytes
    if let invalid = parameters.firstInvalid(trustees: trustees.count) { throw .parameter(invalid) }
    guard trustees.count <= GovernanceRecord.trusteeLimit else { throw .trusteeCount(trustees.count) }
  }

  init(_ message: ProtoGenesis) throws(GenesisError) { try self.init(decoding: Canonical.encode(message)) }

  /// The DIDs with the role of a trustee.
  public var trustees: [CairnDID] { zip(dids, roles).filter { $0.1.contains(.trustee) }.map(\.0) }

  /// The DIDs of ``identities``, in their order.
  public var dids: [CairnDID] { identities.compactMap(\.did) }

  /// The network in 16 characters of base32 (80 bits), for people to compare: `abcd-efgh-ijkl-mnop`.
  public var fingerprint: String { Self.fingerprint(of: network) }

  public static func fingerprint(of digest: Digest) -> String {
    let characters = Array(Base32.encode(digest.bytes).prefix(16))
    return stride(from: 0, to: characters.count, by: 4).map { String(characters[$0..<min($0 + 4, characters.count)]) }
      .joined(separator: "-")
  }
}

extension Genesis {
  static func check(name: String) throws(GenesisError) {
    guard (1...nameByteLimit).contains(name.utf8.count), name.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
      throw .field("name")
    }
  }

  private static func identities(_ messages: [ProtoDidCreate], network: Digest) throws(GenesisError) -> [LedgerOperation] {
    guard (1...identityLimit).contains(messages.count) else { throw .identityCount(messages.count) }
    var identities: [LedgerOperation] = []
    var known: Set<CairnDID> = []
    let checked = CheckedKeys()
    for (index, message) in messages.enumerated() {
      do {
        let operation = try LedgerOperation.identity(message, network: network)
        try checked.check(operation.control, operation.document)
        identities.append(operation)
      } catch {
        throw .identity(index, error)
      }
      guard let did = identities[index].did, known.insert(did).inserted else { throw .duplicateIdentity(index) }
    }
    return identities
  }

  private static func roles(_ messages: [ProtoGenesisRole], identityCount: Int) throws(GenesisError) -> [Roles] {
    var roles = [[Role]](repeating: [], count: identityCount)
    var previous: (identity: UInt32, role: Role)?
    for message in messages {
      guard let role = Role(message.role), Int(message.identity) < identityCount else { throw .roles }
      if let previous, previous >= (message.identity, role) { throw .roles }
      previous = (message.identity, role)
      roles[Int(message.identity)].append(role)
    }
    return roles.map(Roles.init)
  }
}

extension LedgerOperation {
  /// An identity of a genesis. Without controller: no DID of a network can be named before the network has its digest.
  static func identity(_ message: ProtoDidCreate, network: Digest) throws(OperationError) -> LedgerOperation {
    guard message.control.controller.isEmpty else { throw .control(.foreignController) }
    return try make(.didCreate(message), network: network)
  }
}

extension Genesis: Hashable {
  public static func == (left: Genesis, right: Genesis) -> Bool { left.network == right.network }
  public func hash(into hasher: inout Hasher) { hasher.combine(network) }
}
