import CairnConsensus

/// What came of a simulation.
public struct SimulationReport: Sendable {
  public let options: SimulationOptions
  /// Of everything that happened, in its order: equal for equal seeds, on every machine.
  public let traceHash: UInt64
  public let eventCount: Int
  public let virtualMilliseconds: UInt64
  public let height: UInt64
  public let view: UInt64
  public let acknowledgedCount: Int
  public let violation: Violation?
  public let coverage: Coverage
  /// One line a view: who led, what each validator signed.
  public let timeline: [String]
  /// One line for each thing that happened, if that was asked for.
  public let lines: [String]

  init(_ simulation: Simulation) {
    options = simulation.options
    traceHash = simulation.trace.hash
    eventCount = simulation.scheduler.eventCount
    virtualMilliseconds = simulation.scheduler.now / Scheduler.millisecond
    height = simulation.oracle.highestHeight
    view = simulation.nodes.compactMap { $0.engine?.view }.max() ?? 0
    acknowledgedCount = simulation.workload.acknowledgedCount
    violation = simulation.violation
    coverage = simulation.coverage
    timeline = simulation.oracle.votes.timeline(simulation.nodes.count)
    lines = simulation.trace.lines
  }

  public var traceHashText: String {
    let digits = String(traceHash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// What must hold, whatever goes wrong.
public enum Invariant: String, CaseIterable, Sendable {
  /// At most one finalized header at each height.
  case agreement
  /// Each header names the one before, and what it says of the log and of its certificate is so.
  case hashChain = "hash_chain"
  /// What a node has published stays, restarts included.
  case appendOnly = "append_only"
  /// No honest key signs two statements that exclude each other, restarts included.
  case contradiction
  /// A signature leaves only when its record is on stable storage.
  case unrecordedSignature = "unrecorded_signature"
  /// What became final is what the rules allow, and nodes answer as it leads to.
  case ledger
  /// What a client was told to be final is.
  case lostTransaction = "lost_transaction"
  /// Every answer proves itself.
  case proof
  /// Nobody is accused who did not do it.
  case falseEvidence = "false_evidence"
  /// No node stops, or stops voting, without a reason.
  case failure
  /// Once everything is mended, the network goes on.
  case progress
}

public struct Violation: Error, Sendable, CustomStringConvertible {
  public let invariant: Invariant
  public let detail: String
  /// Virtual time.
  public let milliseconds: UInt64

  public var description: String { "\(invariant.rawValue) at \(milliseconds) ms: \(detail)" }
}
