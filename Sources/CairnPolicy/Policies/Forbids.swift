/// A `forbid`, as far as it matters whether it is still there.
public struct ForbidStatement: Hashable, Comparable, Sendable {
  public let id: Text
  /// The policy in the language, in one layout and without annotations: equal texts mean equal policies.
  public let statement: Text

  public static func < (left: ForbidStatement, right: ForbidStatement) -> Bool {
    left.statement == right.statement ? left.id < right.id : left.statement < right.statement
  }
}

extension PolicySet {
  /// Every `forbid`, the templates' included, sorted by what they say.
  public var forbids: [ForbidStatement] {
    (policies + templates).filter { $0.effect == .forbid }.map { ForbidStatement(id: $0.id, statement: Text($0.statement)) }.sorted()
  }

  /// The `forbid` policies of this set that the other does not have: dropped, or changed in any way but layout, annotations, id and place.
  public func forbids(missingFrom other: PolicySet) -> [ForbidStatement] {
    var remaining: [Text: Int] = [:]
    for forbid in other.forbids { remaining[forbid.statement, default: 0] += 1 }
    return forbids.filter { forbid in
      guard let count = remaining[forbid.statement], count > 0 else { return true }
      remaining[forbid.statement] = count - 1
      return false
    }
  }
}
