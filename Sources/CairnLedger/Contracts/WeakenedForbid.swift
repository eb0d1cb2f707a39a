public import CairnPolicy

/// How an upgrade lets something happen that was forbidden before.
public enum WeakenedForbid: Hashable, Sendable {
  /// The policy is gone, or says something else: any change but to layout, annotations, its place and its id.
  case dropped(Text)
  /// The policies are there, but the schema says less, so that they may not see what they saw.
  case schema(SchemaLoss)

  /// The first that an upgrade lets go.
  public init?(from old: CompiledContract, to new: CompiledContract) {
    if let dropped = old.policies.forbids(missingFrom: new.policies).first {
      self = .dropped(dropped.statement)
    } else if !old.policies.forbids.isEmpty, let loss = new.schema.firstLoss(since: old.schema) {
      self = .schema(loss)
    } else {
      return nil
    }
  }
}

extension WeakenedForbid: CustomStringConvertible {
  /// Continues "the upgrade"; a clause without a full stop.
  public var description: String {
    switch self {
    case .dropped(let statement): "drops or changes \(statement)"
    case .schema(let loss): "changes what the forbid policies see, as \(loss)"
    }
  }
}
