import CairnChain

/// The votes of one view: for each kind the first one of each validator.
struct Tally: Sendable {
  /// What a vote changed.
  struct Outcome {
    /// False for a vote that is here already, and for a second one of its kind.
    var isCounted: Bool
    /// The first time that this validator contradicts itself in this view.
    var evidence: Evidence?
  }

  /// Indexed by kind, then by validator; empty until the first vote.
  private var votes: [[Verified<Vote>?]] = []
  private var accused: [Bool] = []
  private let validatorCount: Int

  init(validatorCount: Int) { self.validatorCount = validatorCount }

  /// - Parameter vote: of a validator of the set.
  mutating func insert(_ vote: Verified<Vote>) -> Outcome {
    let validator = vote.value.validator
    precondition((0..<validatorCount).contains(validator), "only a member's vote verifies")
    if votes.isEmpty {
      votes = Array(repeating: Array(repeating: nil, count: validatorCount), count: Statement.Kind.allCases.count)
      accused = Array(repeating: false, count: validatorCount)
    }
    let evidence = accused[validator] ? nil : contradiction(of: vote)
    if evidence != nil { accused[validator] = true }
    let kind = Self.row(vote.value.statement.kind)
    guard votes[kind][validator] == nil else { return Outcome(isCounted: false, evidence: evidence) }
    votes[kind][validator] = vote
    return Outcome(isCounted: true, evidence: evidence)
  }

  func vote(_ kind: Statement.Kind, by validator: Int) -> Verified<Vote>? {
    votes.isEmpty ? nil : votes[Self.row(kind)][validator]
  }

  /// The votes for exactly this statement, ascending by validator.
  func votes(for statement: Statement) -> [Verified<Vote>] {
    guard !votes.isEmpty else { return [] }
    return votes[Self.row(statement.kind)].compactMap(\.self).filter { $0.value.statement == statement }
  }

  /// Who voted, by validator.
  func voters(_ kind: Statement.Kind) -> [Bool] {
    votes.isEmpty ? Array(repeating: false, count: validatorCount) : votes[Self.row(kind)].map { $0 != nil }
  }

  private func contradiction(of vote: Verified<Vote>) -> Evidence? {
    for kind in Statement.Kind.allCases {
      guard let other = self.vote(kind, by: vote.value.validator) else { continue }
      if let evidence = Evidence(other.value, vote.value) { return evidence }
    }
    return nil
  }

  private static func row(_ kind: Statement.Kind) -> Int { Int(kind.rawValue) - 1 }
}
