/// The name of an entity type: identifiers joined by `::`, for example `Cairn::Agent`.
public struct EntityTypeName: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The whole path, without white space.
  public let path: Text

  /// - Parameter path: identifiers joined by `::`; the caller vouches for it (the parser does).
  init(unchecked path: some StringProtocol) { self.path = Text(path) }

  init(unqualified: some StringProtocol, in namespace: String?) {
    path = namespace.map { Text("\($0)::\(unqualified)") } ?? Text(unqualified)
  }

  /// Whether entities of this type are actions: the last identifier is `Action`.
  public var isAction: Bool { path == "Action" || path.string.utf8.suffix(8).elementsEqual("::Action".utf8) }

  public var description: String { path.string }

  public static func < (left: EntityTypeName, right: EntityTypeName) -> Bool { left.path < right.path }
}

extension EntityTypeName {
  /// Strict: identifiers joined by `::`, no white space, none of them reserved.
  ///
  /// - Returns: `nil` for anything else.
  public init?(parsing text: some StringProtocol) {
    guard Identifiers.isPath(text) else { return nil }
    path = Text(text)
  }
}
