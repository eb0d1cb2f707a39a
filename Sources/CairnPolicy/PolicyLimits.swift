/// What a text, a request and an entity may cost at most. On a ledger these are consensus parameters.
public struct PolicyLimits: Hashable, Sendable {
  /// Source text of one policy.
  public var policyBytes: Int
  /// Source text of a schema.
  public var schemaBytes: Int
  public var policies: Int
  /// Nesting of expressions, of types, and of parentheses and brackets in the source. A chain of `&&` or of `||` is one level. Bounds every
  /// recursion over a policy. Never more than ``deepest``.
  public var depth: Int { didSet { depth = min(depth, Self.deepest) } }
  /// Expressions of one policy.
  public var nodesPerPolicy: Int
  /// An entity's attributes and tags, by ``CedarRecord/byteCount``.
  public var entityBytes: Int
  /// By ``CedarRecord/byteCount``.
  public var contextBytes: Int
  public var setElements: Int
  /// A string in a policy, in UTF-8.
  public var stringBytes: Int
  public var ancestors: Int
  /// Entity dereferences in a row (RFC 76).
  public var level: Int
  /// Combinations of principal type, action and resource type that a schema admits; a policy is checked for each.
  public var requestEnvironments: Int

  public init(
    policyBytes: Int, schemaBytes: Int, policies: Int, depth: Int, nodesPerPolicy: Int, entityBytes: Int, contextBytes: Int,
    setElements: Int, stringBytes: Int, ancestors: Int, level: Int, requestEnvironments: Int
  ) {
    self.policyBytes = policyBytes
    self.schemaBytes = schemaBytes
    self.policies = policies
    self.depth = min(depth, Self.deepest)
    self.nodesPerPolicy = nodesPerPolicy
    self.entityBytes = entityBytes
    self.contextBytes = contextBytes
    self.setElements = setElements
    self.stringBytes = stringBytes
    self.ancestors = ancestors
    self.level = level
    self.requestEnvironments = requestEnvironments
  }

  /// No limit of depth may be set beyond this: a thread's stack ends somewhere. These levels take less than 4 MiB in a debug build.
  public static let deepest = 256

  /// For policies that anybody may deploy and everybody has to evaluate.
  public static let ledger = PolicyLimits(
    policyBytes: 10_000, schemaBytes: 100_000, policies: 256, depth: 32, nodesPerPolicy: 1024, entityBytes: 16 << 10,
    contextBytes: 16 << 10, setElements: 256, stringBytes: 4 << 10, ancestors: 64, level: 2, requestEnvironments: 1024)

  /// For a corpus that was written without them.
  public static let conformance = PolicyLimits(
    policyBytes: 1 << 20, schemaBytes: 1 << 20, policies: 1 << 14, depth: 256, nodesPerPolicy: 1 << 16, entityBytes: 1 << 20,
    contextBytes: 1 << 20, setElements: 1 << 16, stringBytes: 1 << 20, ancestors: 1 << 12, level: 16, requestEnvironments: 1 << 16)
}
