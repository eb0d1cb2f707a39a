import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnNode
import NIOCore

/// The clients: they submit transactions to whichever node they like, again and again until one tells them what became of them, and
/// believe nothing that is not proven.
final class Workload {
  /// From one transaction to the next, in milliseconds.
  private static let pause: ClosedRange<UInt64> = 20...700
  private static let retry: ClosedRange<UInt64> = 100...2_000
  private static let limit = 60
  /// How often of a thousand times a client submits once more what is final.
  private static let repetition = 200
  /// How often of a thousand times a client asks for something before it submits the next transaction.
  private static let curiosity = 700

  private unowned let simulation: Simulation
  private let dice: Dice
  private let agents: Agents
  private let proofs: ProofCheck
  private var isFinished = false
  private var submittedCount = 0
  private var waitingCount = 0
  private var acknowledged: [[UInt8]] = []
  private var submittedEvidence: Set<Evidence> = []

  init(_ simulation: Simulation, _ dice: Dice) {
    (self.simulation, self.dice) = (simulation, dice)
    agents = Agents(simulation.world, dice)
    proofs = ProofCheck(simulation.world, scheme: simulation.scheme)
  }

  var acknowledgedCount: Int { acknowledged.count }
  var isDone: Bool { waitingCount == 0 }

  func begin() { planNext() }

  /// Nothing new from here on; what was begun is brought to an end.
  func finish() { isFinished = true }

  private func planNext() {
    simulation.scheduler.after(dice.pick(Self.pause) * Scheduler.millisecond, .client) { [self] in
      guard !isFinished, !simulation.isOver, submittedCount < Self.limit else { return }
      submitOne()
      planNext()
    }
  }

  /// One more transaction.
  func submitOne() {
    submittedCount += 1
    if dice.chance(Self.curiosity) { ask() }
    guard let wish = (try? accusation()) ?? (try? agents.next(moment)) else { return }
    begin(wish)
  }

  /// A change of the validators, which one trustee decides, or two.
  func submit(_ change: GovernanceAction.ValidatorChange) throws { begin(try agents.change(change, moment)) }

  /// A scenario goes as its text says.
  func keepToScript() { agents.isScripted = true }

  /// What one trustee did not decide alone. Everybody can see that it is open.
  private func approve(after wish: Agents.Wish) {
    let (id, isUrgent): (ProposalID, Bool)
    switch wish.sequel {
    case .change(let proposal): (id, isUrgent) = (proposal, true)
    case .proposal(let proposal): (id, isUrgent) = (proposal, false)
    default: return
    }
    _ = asking { try proofs.check(.proposal(id), at: $0, simulation.oracle.chain.model) }
    guard simulation.oracle.chain.model.proposals[id]?.newest?.state == .open, isUrgent || dice.chance(Self.agreement),
      let approval = try? agents.approve(id, moment)
    else { return }
    begin(approval)
  }

  /// How often of a thousand times the deputy agrees at once.
  private static let agreement = 700

  private func begin(_ wish: Agents.Wish) {
    waitingCount += 1
    submit(wish)
  }

  private var moment: Agents.Moment {
    Agents.Moment(
      height: simulation.oracle.highestHeight, time: simulation.unixMilliseconds, resolve: { [self] in resolve($0) })
  }

  /// Any node that runs; every answer is checked.
  private func resolve(_ did: CairnDID) -> ResolvedDID? {
    asking { try proofs.resolve(did, at: $0, simulation.oracle.chain.model) } ?? nil
  }

  /// About anything that is on the ledger.
  private func ask() {
    let model = simulation.oracle.chain.model
    guard let question = Question.drawn(model, dice) else { return }
    _ = asking { try proofs.check(question, at: $0, model) }
  }

  private func asking<Answer>(_ question: (Respondent) throws -> Answer) -> Answer? {
    guard let node = dice.pick(from: simulation.nodes.filter { $0.assembly != nil }), let assembly = node.assembly,
      let queries = node.queries
    else { return nil }
    do {
      let answer = try question(Respondent(queries: queries, height: assembly.backend.head.header.height))
      simulation.coverage.fired("answer_verified")
      return answer
    } catch {
      guard simulation.isReliable(node) else { return nil }
      let invariant: Invariant = error is LedgerModel.Problem ? .ledger : .proof
      simulation.report(invariant, "node \(node.slot) gave an answer: \(error)")
      return nil
    }
  }

  /// A fault that some node can prove and that is not on the ledger yet.
  private func accusation() throws -> Agents.Wish? {
    let evidence = simulation.nodes.lazy.compactMap { $0.assembly?.evidence.first { !self.submittedEvidence.contains($0) } }.first
    guard let evidence, let key = simulation.oracle.chain.key(of: evidence.validator, inEpoch: evidence.epoch) else { return nil }
    submittedEvidence.insert(evidence)
    let operation = try LedgerOperation.submit(evidence, consensusKey: key, network: simulation.world.genesis.network)
    return try agents.accuse(operation, moment)
  }

  private func submit(_ wish: Agents.Wish) {
    let running = simulation.nodes.filter { $0.assembly != nil }
    guard let node = dice.pick(from: running), let assembly = node.assembly, let lifetime = node.life?.lifetime else { return again(wish) }
    let (client, attempt, alive) = (Unshared(self), Unshared(Attempt()), Unshared(lifetime))
    // A client whose node is gone hears nothing, and turns to another one.
    simulation.scheduler.after(5 * Scheduler.second, .client) { [self] in
      if attempt.value.end() { again(wish) }
    }
    let wish = Unshared(wish)
    assembly.backend.submit([wish.value.bytes], wait: true, from: .grpc("client"), on: assembly.loop).whenSuccess { outcomes in
      guard !alive.value.isOver, let outcome = outcomes.first, attempt.value.end() else { return }
      client.value.heard(outcome, about: wish.value, from: alive.value.node)
    }
  }

  private final class Attempt {
    private var isOver = false

    /// - Returns: whether it was not over already.
    func end() -> Bool {
      defer { isOver = true }
      return !isOver
    }
  }

  private func heard(_ outcome: SubmitOutcome, about wish: Agents.Wish, from slot: Int) {
    let bytes = wish.bytes
    switch outcome {
    case .final(let receipt):
      waitingCount -= 1
      acknowledged.append(bytes)
      simulation.coverage.fired(wish.name)
      agents.settled(wish, isFinal: true)
      approve(after: wish)
      if let problem = proofs.problem(of: receipt, for: bytes, by: simulation.nodes[slot].queries) {
        simulation.report(.proof, "node \(slot) gave a receipt: \(problem)")
      }
      if simulation.oracle.chain.transactions[bytes] == nil {
        simulation.report(.lostTransaction, "node \(slot) acknowledged a transaction that is in no block")
      }
      if dice.chance(Self.repetition) { submitAgain(wish) }
    case .refused(let error):
      waitingCount -= 1
      simulation.coverage.fired("refused_transaction")
      simulation.coverage.fired("refused_\(wish.name)")
      simulation.trace.note(simulation.scheduler.now, "node \(slot) refuses \(wish.name): \(error.reason)")
      agents.settled(wish, isFinal: simulation.oracle.chain.transactions[bytes] != nil)
    case .pending, .overloaded, .undecided: again(wish)
    }
  }

  /// What is final already, once more, as a client that lost the answer would: it must not become final twice.
  private func submitAgain(_ wish: Agents.Wish) {
    guard let assembly = dice.pick(from: simulation.nodes.compactMap(\.assembly)) else { return }
    simulation.coverage.fired("submitted_twice")
    assembly.backend.submit([wish.bytes], wait: false, from: .grpc("client"), on: assembly.loop).whenComplete { _ in }
  }

  private func again(_ wish: Agents.Wish) {
    guard !simulation.isOver else { return }
    simulation.scheduler.after(dice.pick(Self.retry) * Scheduler.millisecond, .client) { [self] in submit(wish) }
  }

  func checkAcknowledged() {
    for bytes in acknowledged where simulation.oracle.chain.transactions[bytes] == nil {
      simulation.report(.lostTransaction, "an acknowledged transaction is in no block")
    }
  }
}
