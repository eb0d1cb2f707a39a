public import CairnChain

/// Two statements signed by one key about one view that exclude each other. Proves itself to anyone with the validator set.
public struct Evidence: Hashable, Sendable {
  public let first: Vote
  public let second: Vote

  /// `nil` unless the votes are one validator's and exclude each other.
  public init?(_ first: Vote, _ second: Vote) {
    guard first.validator == second.validator, first.statement.conflicts(with: second.statement) else { return nil }
    self.first = first
    self.second = second
  }

  public var validator: Int { first.validator }
  public var epoch: UInt64 { first.statement.epoch }
  public var view: UInt64 { first.statement.view }
}
