/// Why a signer does not sign, as one byte of its answer.
public enum SigningRefusal: UInt8, Error, Hashable, Sendable, CaseIterable {
  /// Another statement of the same kind and view was signed, or one that excludes this one.
  case conflict = 1
  /// A Notarize of a view that was given up.
  case afterNullify = 2
  /// The record does not reach back as far.
  case belowFloor = 3
  /// An epoch or a view beyond what a record has room for.
  case outOfRange = 4
  /// The record is an older copy: the node showed a vote of this key that is not in it.
  case recordStale = 5
  /// Too many requests of this connection wait.
  case overloaded = 6
  /// The other side speaks another version of the protocol.
  case version = 7
  /// The other side is of another network.
  case network = 8
  /// The other side means another validator's key.
  case key = 9

  /// Machine readable; a log field, and what the node's status shows.
  public var reason: String {
    switch self {
    case .conflict: "conflict"
    case .afterNullify: "after_nullify"
    case .belowFloor: "below_floor"
    case .outOfRange: "out_of_range"
    case .recordStale: "record_stale"
    case .overloaded: "overloaded"
    case .version: "wrong_version"
    case .network: "wrong_network"
    case .key: "wrong_key"
    }
  }
}
