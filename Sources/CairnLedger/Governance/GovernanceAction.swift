public import CairnChain
import CairnCrypto
public import CairnIdentity
import CairnMessages

/// What a proposal changes.
public enum GovernanceAction: Hashable, Sendable {
  case grantRole(Role, CairnDID)
  case revokeRole(Role, CairnDID)
  case setParameter(ParameterName, UInt32)
  case replaceConstitution(ConstitutionSource)
  case freezeContract(String)
  case unfreezeContract(String)
  case changeValidators(ValidatorChange)

  /// A change of the set of validators. It takes effect between two epochs.
  public enum ValidatorChange: Hashable, Sendable {
    case add(Validator)
    /// By name.
    case remove(String)
    /// Another operator, another key, another address.
    case replace(String, Validator)
  }

  /// As the constitution names it.
  public var kind: String {
    switch self {
    case .grantRole: "grant_role"
    case .revokeRole: "revoke_role"
    case .setParameter: "set_parameter"
    case .replaceConstitution: "replace_constitution"
    case .freezeContract: "freeze_contract"
    case .unfreezeContract: "unfreeze_contract"
    case .changeValidators: "change_validators"
    }
  }

  /// Of ``grantRole(_:_:)`` and ``revokeRole(_:_:)``.
  public var role: Role? {
    switch self {
    case .grantRole(let role, _), .revokeRole(let role, _): role
    default: nil
    }
  }
}

/// A field of ``Parameters``.
public enum ParameterName: String, Hashable, Sendable, CaseIterable {
  case maxBlockBytes = "max_block_bytes"
  case maxTransactionBytes = "max_transaction_bytes"
  case maxValidityBlocks = "max_validity_blocks"
  case heartbeatMilliseconds = "heartbeat_ms"
  case trusteeThreshold = "trustee_threshold"

  public init?(name: some StringProtocol) {
    guard let name = ParameterName.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) }) else { return nil }
    self = name
  }

  var field: WritableKeyPath<Parameters, UInt32> {
    switch self {
    case .maxBlockBytes: \.maxBlockBytes
    case .maxTransactionBytes: \.maxTransactionBytes
    case .maxValidityBlocks: \.maxValidityBlocks
    case .heartbeatMilliseconds: \.heartbeatMilliseconds
    case .trusteeThreshold: \.trusteeThreshold
    }
  }
}

extension Parameters {
  public subscript(name: ParameterName) -> UInt32 { self[keyPath: name.field] }
}

extension GovernanceAction {
  /// In bytes; names of contracts and validators are shorter.
  static let nameByteLimit = 256

  /// - Parameter network: of the DIDs; `nil` where a record is read, whose DIDs were checked when it was made.
  init(_ message: ProtoGovernanceAction, network: Digest?) throws(OperationError) {
    switch message.kind {
    case .grantRole(let change): self = .grantRole(try Self.role(change), try Self.did(change, network))
    case .revokeRole(let change): self = .revokeRole(try Self.role(change), try Self.did(change, network))
    case .setParameter(let change):
      guard let name = ParameterName(name: change.name) else { throw .malformed("name") }
      self = .setParameter(name, change.value)
    case .replaceConstitution(let constitution): self = .replaceConstitution(ConstitutionSource(constitution))
    case .freezeContract(let change): self = .freezeContract(try Self.name(change.contract, "contract"))
    case .unfreezeContract(let change): self = .unfreezeContract(try Self.name(change.contract, "contract"))
    case .changeValidators(let change): self = .changeValidators(try Self.validators(change))
    case nil: throw .malformed("action")
    }
  }

  private static func role(_ change: ProtoRoleChange) throws(OperationError) -> Role {
    guard let role = Role(change.role) else { throw .malformed("role") }
    return role
  }

  private static func did(_ change: ProtoRoleChange, _ network: Digest?) throws(OperationError) -> CairnDID {
    guard let did = try? CairnDID(parsing: change.did) else { throw .malformed("did") }
    if let network, !did.isOf(network: network) { throw .foreignDID }
    return did
  }

  private static func name(_ text: String, _ field: String) throws(OperationError) -> String {
    guard (1...nameByteLimit).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw .malformed(field)
    }
    return text
  }

  private static func validators(_ message: ProtoValidatorChange) throws(OperationError) -> ValidatorChange {
    switch message.kind {
    case .add(let validator): return .add(try Self.validator(validator))
    case .remove(let name): return .remove(try Self.name(name, "remove"))
    case .replace(let replacement):
      guard replacement.hasValidator else { throw .malformed("validator") }
      return .replace(try Self.name(replacement.name, "name"), try Self.validator(replacement.validator))
    case nil: throw .malformed("change_validators")
    }
  }

  private static func validator(_ message: ProtoValidator) throws(OperationError) -> Validator {
    guard let validator = try? Validator(message), (try? validator.validate()) != nil else { throw .malformed("validator") }
    return validator
  }

  var message: ProtoGovernanceAction {
    var message = ProtoGovernanceAction()
    switch self {
    case .grantRole(let role, let did): message.grantRole = Self.change(role, did)
    case .revokeRole(let role, let did): message.revokeRole = Self.change(role, did)
    case .setParameter(let name, let value):
      message.setParameter.name = name.rawValue
      message.setParameter.value = value
    case .replaceConstitution(let source): message.replaceConstitution = source.message
    case .freezeContract(let contract): message.freezeContract.contract = contract
    case .unfreezeContract(let contract): message.unfreezeContract.contract = contract
    case .changeValidators(.add(let validator)): message.changeValidators.add = validator.message
    case .changeValidators(.remove(let name)): message.changeValidators.remove = name
    case .changeValidators(.replace(let name, let validator)):
      message.changeValidators.replace.name = name
      message.changeValidators.replace.validator = validator.message
    }
    return message
  }

  private static func change(_ role: Role, _ did: CairnDID) -> ProtoRoleChange {
    var change = ProtoRoleChange()
    change.did = did.description
    change.role = role.message
    return change
  }
}
