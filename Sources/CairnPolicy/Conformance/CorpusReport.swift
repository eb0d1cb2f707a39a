/// How often this implementation and the corpus agree.
public struct CorpusReport: Sendable {
  public struct Tally: Hashable, Sendable {
    public private(set) var agreed = 0
    public private(set) var compared = 0

    mutating func count(_ agrees: Bool) {
      compared += 1
      if agrees { agreed += 1 }
    }
  }

  public struct Disagreement: Hashable, Sendable, CustomStringConvertible {
    public let test: String
    /// What was compared, and for which request or policy.
    public let subject: String
    public let expected: String
    public let actual: String

    public var description: String { "\(test): \(subject): expected \(expected), got \(actual)" }
  }

  public internal(set) var tests = 0
  public internal(set) var decisions = Tally()
  public internal(set) var reasons = Tally()
  public internal(set) var errors = Tally()
  /// Strict and permissive verdicts on policies.
  public internal(set) var policyVerdicts = Tally()
  public internal(set) var requestVerdicts = Tally()
  public internal(set) var entityVerdicts = Tally()
  public internal(set) var disagreements: [Disagreement] = []
  /// Tests of which a file is missing, or is one that this implementation does not read.
  public internal(set) var unreadable: [Disagreement] = []
  /// Tests that the limits of a ledger refuse.
  public internal(set) var refusedByLedger: [Disagreement] = []
  /// Every result, in the order of the tests: its hash tells whether two machines, two versions or two implementations agree on all of
  /// them.
  public internal(set) var results = ""

  public var isFullAgreement: Bool { disagreements.isEmpty && unreadable.isEmpty && tests > 0 }

  public init() {}

  mutating func compare(
    _ tally: WritableKeyPath<CorpusReport, Tally>, _ test: String, _ subject: String, expected: String, actual: String
  ) {
    let agrees = expected.utf8.elementsEqual(actual.utf8)
    self[keyPath: tally].count(agrees)
    if !agrees { disagreements.append(Disagreement(test: test, subject: subject, expected: expected, actual: actual)) }
  }
}

extension CorpusReport: CustomStringConvertible {
  public var description: String {
    let tallies: [(String, Tally)] = [
      ("decisions", decisions), ("reasons", reasons), ("errors", errors), ("verdicts on policies", policyVerdicts),
      ("verdicts on requests", requestVerdicts), ("verdicts on entities", entityVerdicts),
    ]
    return
      (["tests: \(tests)"] + tallies.map { "\($0): \($1.agreed) of \($1.compared) agree" }
      + ["refused by the limits of a ledger: \(refusedByLedger.count)", "unreadable: \(unreadable.count)"])
      .joined(separator: "\n")
  }
}
