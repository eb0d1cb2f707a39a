/// The identity of an entity: its type and its identifier, written `User::"alice"`.
public struct EntityUID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let type: EntityTypeName
  public let identifier: Text

  public init(_ type: EntityTypeName, _ identifier: Text) {
    self.type = type
    self.identifier = identifier
  }

  /// As in a policy.
  public var description: String { "\(type)::\(StringEscapes.quoted(identifier.string))" }

  public static func == (left: EntityUID, right: EntityUID) -> Bool { left.identifier == right.identifier && left.type == right.type }

  public static func < (left: EntityUID, right: EntityUID) -> Bool {
    left.type == right.type ? left.identifier < right.identifier : left.type < right.type
  }
}
