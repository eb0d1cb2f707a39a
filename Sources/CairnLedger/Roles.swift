import CairnCrypto
import CairnMessages

/// What a DID may do on the ledger beyond deciding about itself.
public enum Role: UInt8, Hashable, Sendable, CaseIterable, Comparable {
  /// Governance, M of N.
  case trustee = 1
  /// Runs a validator.
  case `operator` = 2
  /// Enrols DIDs.
  case registrar = 3
  case issuer = 4
  /// Deploys contracts.
  case author = 5
  /// Attests contracts.
  case auditor = 6
  /// Isolates agents.
  case guardian = 7

  public static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }

  /// For people and configuration files, for example `registrar`.
  public var name: String { String(describing: self) }

  public init?(name: some StringProtocol) {
    guard let role = Role.allCases.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
    self = role
  }

  init?(_ message: ProtoRole) {
    guard let role = UInt8(exactly: message.rawValue).flatMap(Role.init) else { return nil }
    self = role
  }

  var message: ProtoRole { ProtoRole(rawValue: Int(rawValue)) ?? .unspecified }
}

/// The roles of one DID.
public struct Roles: Hashable, Sendable {
  private static let byteLimit = 64

  /// Ascending, each once.
  public let roles: [Role]

  public init(_ roles: some Sequence<Role>) {
    let roles = Array(roles)
    self.roles = Role.allCases.filter(roles.contains)
  }

  public static let none = Roles([])

  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoRolesRecord = try .record(bytes, limit: Self.byteLimit)
    guard let roles = Roles.ascending(message.roles) else { throw .field("roles") }
    self.roles = roles
  }

  /// `nil` unless each is known, and above the one before it.
  static func ascending(_ messages: [ProtoRole]) -> [Role]? {
    let roles = messages.compactMap(Role.init)
    guard roles.count == messages.count, zip(roles, roles.dropFirst()).allSatisfy(<) else { return nil }
    return roles
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoRolesRecord()
    message.roles = roles.map(\.message)
    return Canonical.encode(message)
  }

  public func contains(_ role: Role) -> Bool { roles.contains(role) }
}
