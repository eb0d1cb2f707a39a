/// A schema as it is written: namespaces with declarations whose names are not yet resolved. Both syntaxes read into this and print
/// from it.
public struct SchemaDeclarations: Hashable, Sendable {
  public var namespaces: [Namespace]

  public struct Namespace: Hashable, Sendable {
    /// `nil` for declarations outside any namespace.
    public var name: String?
    public var annotations: [Policy.Annotation] = []
    public var commonTypes: [CommonType] = []
    public var entityTypes: [EntityType] = []
    public var actions: [Action] = []
  }

  public struct CommonType: Hashable, Sendable {
    public var name: String
    public var annotations: [Policy.Annotation] = []
    public var type: TypeExpression
  }

  public struct EntityType: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
      /// The only identifiers that entities of the type can have.
      case enumerated([Text])
      /// `shape` is a record, or the name of a common type that is one.
      case standard(memberOf: [String], shape: TypeExpression, tags: TypeExpression?)
    }

    public var name: String
    public var annotations: [Policy.Annotation] = []
    public var kind: Kind
  }

  public struct Action: Hashable, Sendable {
    public var name: Text
    public var annotations: [Policy.Annotation] = []
    public var memberOf: [Parent] = []
    /// `nil`: for no request, only to group other actions.
    public var appliesTo: AppliesTo?

    public struct Parent: Hashable, Sendable {
      /// `nil` for the type `Action`.
      public var type: String?
      public var name: Text
    }

    public struct AppliesTo: Hashable, Sendable {
      public var principals: [String]
      public var resources: [String]
      /// A record, or the name of a common type that is one.
      public var context: TypeExpression
    }
  }
}

/// A type as it is written.
public indirect enum TypeExpression: Hashable, Sendable {
  case bool, long, string
  case set(TypeExpression)
  case record([Attribute])
  /// The name of an entity type.
  case entity(String)
  /// The name of an extension type.
  case `extension`(String)
  /// The name of a common type.
  case common(String)
  /// The name of a common type or else an entity type; the human-readable syntax says no more.
  case named(String)

  public struct Attribute: Hashable, Sendable {
    public var key: Text
    public var annotations: [Policy.Annotation] = []
    public var type: TypeExpression
    public var isRequired: Bool
  }
}
