/// Something that a schema says less about than the one before it, although it still has it.
public struct SchemaLoss: Hashable, Sendable, CustomStringConvertible {
  /// An entity type or an action.
  public let subject: String
  public let problem: String

  public var description: String { "`\(subject)` \(problem)" }
}

extension Schema {
  /// The first entity type or action of an earlier schema that this one has too, but with other attributes, tags or members than it had, or
  /// in fewer groups.
  ///
  /// A policy that mentions it may then mean something else, although its text is the same: `action in Action::"write"` no longer holds for
  /// an action that left the group, and `context has risk` is false for ever when there is no such attribute any more. What is added changes
  /// no policy's meaning. Nor does what is removed as a whole: no request can mention it.
  public func firstLoss(since earlier: Schema) -> SchemaLoss? {
    for old in earlier.entityTypes {
      guard let new = entityType(old.name) else { continue }
      if let problem = Self.problem(since: old, in: new) { return SchemaLoss(subject: old.name.description, problem: problem) }
    }
    for old in earlier.actions {
      guard let new = action(old.uid) else { continue }
      if let problem = Self.problem(since: old, in: new) { return SchemaLoss(subject: old.uid.description, problem: problem) }
    }
    return nil
  }

  private static func problem(since old: EntityType, in new: EntityType) -> String? {
    if let problem = problem(since: old.attributes, in: new.attributes, "attribute") { return problem }
    guard old.tags == nil || old.tags == new.tags else { return "has other tags" }
    return old.ancestors.first { !new.ancestors.containsSorted($0) }.map { "cannot be in `\($0)` any more" }
  }

  private static func problem(since old: Action, in new: Action) -> String? {
    if let problem = problem(since: old.context, in: new.context, "context attribute") { return problem }
    return old.ancestors.first { !new.ancestors.containsSorted($0) }.map { "is not in `\($0)` any more" }
  }

  private static func problem(since old: RecordType, in new: RecordType, _ what: String) -> String? {
    for attribute in old.attributes {
      guard let kept = new[attribute.key] else { return "has no \(what) `\(attribute.key)` any more" }
      guard kept == attribute else { return "has another type for its \(what) `\(attribute.key)`" }
    }
    return nil
  }
}
