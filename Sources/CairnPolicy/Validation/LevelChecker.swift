/// Checks how many entities in a row an expression reads, starting from the request (RFC 76; `Cedar.Validation.Levels`).
///
/// A policy of level n can be decided with the entities that are at most n - 1 references away from the request's. Entities that are
/// written into the policy are not among them, but for the request's own action.
struct LevelChecker {
  let action: EntityUID
  let limit: Int

  /// `checkLevel`
  func isWithinLimit(_ typed: TypedExpression) -> Bool {
    switch typed.expression {
    case .binary(.in, _, _), .binary(.hasTag, _, _), .binary(.getTag, _, _):
      guard typed.children.count == 2 else { return false }
      return isAccessible(typed.children[0], limit - 1, []) && isWithinLimit(typed.children[1])
    case .isType(_, _, .some):
      guard typed.children.count == 2 else { return typed.children.allSatisfy(isWithinLimit) }
      return isAccessible(typed.children[0], limit - 1, []) && isWithinLimit(typed.children[1])
    case .attribute:
      guard let owner = typed.children.first else { return false }
      return owner.isEntity ? isAccessible(owner, limit - 1, []) : isWithinLimit(owner)
    case .has(_, let path): return isWithinLimit(has: path, typed)
    default: return typed.children.allSatisfy(isWithinLimit)
    }
  }

  /// Of `e has a.b.c`, each prefix that is an entity is read.
  private func isWithinLimit(has path: [Text], _ typed: TypedExpression) -> Bool {
    guard let owner = typed.children.first else { return false }
    let reads = typed.prefixTypes.count { $0.isEntity }
    guard let first = typed.prefixTypes.firstIndex(where: \.isEntity) else { return isWithinLimit(owner) }
    return isAccessible(owner, limit - reads, Array(path[..<first]))
  }

  /// `checkEntityAccessLevel`: whether the entity that the expression gives, or that `path` leads to from the record it gives, may be
  /// read. Where it may, the expression is within the limit too, so that no part of it needs to be looked at twice.
  ///
  /// - Parameter remaining: negative when there was no read left for this one.
  private func isAccessible(_ typed: TypedExpression, _ remaining: Int, _ path: [Text]) -> Bool {
    guard remaining >= 0 else { return false }
    switch typed.expression {
    case .variable: return true
    case .literal(.entity(let uid)): return uid == action
    case .conditional:
      guard let condition = typed.children.first, typed.children.count > 1 else { return false }
      return isWithinLimit(condition) && typed.children.dropFirst().allSatisfy { isAccessible($0, remaining, path) }
    case .attribute(_, let key):
      guard let owner = typed.children.first else { return false }
      return owner.isEntity ? isAccessible(owner, remaining - 1, []) : isAccessible(owner, remaining, [key] + path)
    case .binary(.getTag, _, _):
      guard typed.children.count == 2 else { return false }
      return isAccessible(typed.children[0], remaining - 1, []) && isWithinLimit(typed.children[1])
    case .record(let fields):
      guard let key = path.first, let index = fields.firstIndex(where: { $0.key == key }), index < typed.children.count else {
        return false
      }
      let others = typed.children[..<index] + typed.children[(index + 1)...]
      return isAccessible(typed.children[index], remaining, Array(path.dropFirst())) && others.allSatisfy(isWithinLimit)
    default: return false
    }
  }
}

extension CedarType {
  fileprivate var isEntity: Bool {
    switch self {
    case .entity, .anyEntity: true
    default: false
    }
  }
}

extension TypedExpression {
  fileprivate var isEntity: Bool { type?.isEntity ?? false }
}
