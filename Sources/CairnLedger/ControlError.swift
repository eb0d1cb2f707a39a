public import CairnIdentity

/// One of the key lists of a ``Control``.
public enum KeyList: String, Hashable, Sendable, CaseIterable {
  case update, next, recovery
}

/// Why a control state is refused.
public enum ControlError: Error, Equatable, Sendable {
  /// A list that must have keys has none.
  case noKeys(KeyList)
  case tooManyKeys(KeyList)
  /// Not 32 bytes, or (update keys) not a point of the prime-order subgroup.
  case invalidKey(KeyList)
  case duplicateKey(KeyList)
  /// A key that weighs nothing.
  case zeroWeight(KeyList)
  /// Zero, more than all keys together weigh, or a threshold for an empty list.
  case unreachableThreshold(KeyList)
  case invalidController(DIDError)
  case foreignController
  /// A DID cannot vouch for itself: it would be lost with its own keys.
  case ownController

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .noKeys(let list): "control_\(list.rawValue)_missing"
    case .tooManyKeys(let list): "control_\(list.rawValue)_too_many"
    case .invalidKey(let list): "control_\(list.rawValue)_key"
    case .duplicateKey(let list): "control_\(list.rawValue)_duplicate"
    case .zeroWeight(let list): "control_\(list.rawValue)_weight"
    case .unreachableThreshold(let list): "control_\(list.rawValue)_threshold"
    case .invalidController: "control_controller_invalid"
    case .foreignController: "control_controller_network"
    case .ownController: "control_controller_self"
    }
  }
}
