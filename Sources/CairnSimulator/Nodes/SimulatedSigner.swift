import CairnChain
import CairnCrypto
import CairnSigner
import CairnStore
import Logging
import NIOCore

/// Stands for the process that signs one validator's votes, and for the way to it. It has the rules of the real one, outlives its node's
/// crashes, and while things go wrong it loses requests and answers, is late, is away, and sends what is no signature.
final class SimulatedSigner: VoteSignerMaker {
  /// From a request to its failure.
  fileprivate static let timeout = Scheduler.second
  /// Of a thousand requests each, while things go wrong.
  private static let lostRequests = 60
  private static let lostAnswers = 60
  private static let lateAnswers = 100
  private static let wrongAnswers = 20

  private final class Memory {
    var votes = SignedVotes(SignedRecord())
    /// Until when nobody answers, in virtual time.
    var awayUntil: UInt64 = 0
  }

  private let key: SigningKey
  private let simulation: Unshared<Weak>
  private let dice: Unshared<Dice>
  private let memory = Unshared(Memory())
  /// Of the validator's process.
  private let slot: Int

  private final class Weak {
    unowned let simulation: Simulation
    init(_ simulation: Simulation) { self.simulation = simulation }
  }

  init(slot: Int, key: SigningKey, of simulation: Simulation, _ dice: Dice) {
    (self.slot, self.key, self.dice) = (slot, key, Unshared(dice))
    self.simulation = Unshared(Weak(simulation))
  }

  func make(network: Digest, key: PublicKey, nodeKey: SigningKey, on loop: any EventLoop, logger: Logger) -> any VoteSigner {
    Connection(self, network: network)
  }

  /// The node's end, for one life.
  private final class Connection: VoteSigner {
    private let signer: SimulatedSigner
    private let network: Digest
    private var client: VoteSignerClient?

    init(_ signer: SimulatedSigner, network: Digest) { (self.signer, self.network) = (signer, network) }

    func start(_ client: VoteSignerClient) { self.client = client }
    func stop() { client = nil }
    var status: VoteSignerStatus { VoteSignerStatus(address: "simulated", problem: nil) }

    func sign(_ statement: Statement) {
      for (delay, answer) in signer.answers(to: statement, network: network) {
        signer.scheduler.after(delay, .signer, node: signer.slot) { [weak self] in self?.client?.take(answer) }
      }
    }
  }

  private var scheduler: Scheduler { simulation.value.simulation.scheduler }

  /// What comes of a request, and how many nanoseconds later.
  private func answers(to statement: Statement, network: Digest) -> [(delay: UInt64, answer: SigningAnswer)] {
    let (simulation, dice, memory) = (simulation.value.simulation, dice.value, memory.value)
    let failure = (Self.timeout, SigningAnswer.failed(statement, .late))
    let quick: UInt64 = dice.pick(200...3_000) * 1_000
    guard !simulation.isMended else { return [(quick, answer(to: statement, network: network))] }
    if memory.awayUntil <= simulation.scheduler.now, dice.chance(5) {
      memory.awayUntil = simulation.scheduler.now + dice.pick(500...4_000) * Scheduler.millisecond
      simulation.coverage.fired("signer_away")
    }
    if memory.awayUntil > simulation.scheduler.now { return [failure] }
    if dice.chance(Self.lostRequests) {
      simulation.coverage.fired("signer_lost_request")
      return [failure]
    }
    let answer = answer(to: statement, network: network)
    if dice.chance(Self.lostAnswers) {
      simulation.coverage.fired("signer_lost_answer")
      return [failure]
    }
    if dice.chance(Self.lateAnswers) {
      simulation.coverage.fired("signer_late")
      return [failure, (Self.timeout + dice.pick(1...4_000) * Scheduler.millisecond, answer)]
    }
    if dice.chance(Self.wrongAnswers), case .signed = answer {
      simulation.coverage.fired("signer_wrong_signature")
      return [(quick, .signed(statement, key.signature(for: Array("something else".utf8))))]
    }
    return [(quick, answer)]
  }

  private func answer(to statement: Statement, network: Digest) -> SigningAnswer {
    let (simulation, memory) = (simulation.value.simulation, memory.value)
    switch memory.votes.judge(statement) {
    case .allowed:
      let vote = Vote(statement: statement, validator: 0, signature: key.signature(for: statement.signedBytes(network: network)))
      memory.votes.add(vote)
      return .signed(statement, vote.signature)
    case .again(let vote):
      simulation.coverage.fired("signer_signed_again")
      return .signed(statement, vote.signature)
    case .refused(let refusal):
      simulation.coverage.fired("signer_refused_\(refusal.reason)")
      return .failed(statement, .refused(refusal))
    }
  }
}
