import CairnChain
import CairnCrypto

@testable import CairnConsensus

/// How a Byzantine validator departs from the protocol. Everything it sends is properly signed by its own key.
enum Behaviour: CaseIterable {
  case honest
  /// Proposes one block to half of the others and another one to the rest, and votes for both.
  case equivocates
  /// Sends nothing at all.
  case silent
  /// Proposes to one validator only, and votes to one only.
  case withholds
  /// Signs Nullify and Finalize of every view it votes in.
  case contradicts
  /// Sends other transactions than its header has.
  case tampers
}

/// What survives a crash.
struct Disk {
  var enteredView: UInt64 = 0
  var votes: [Verified<Vote>] = []
  var candidates: [Verified<Proposal>] = []
  var certificates: [Verified<Certificate>] = []
  var evidence: [Evidence] = []
  /// The committed chain, the genesis excluded, and the certificate of its last block.
  var chain: [Verified<Proposal>] = []
  var finalization: Verified<Certificate>?

  mutating func write(_ batch: PersistBatch) {
    enteredView = batch.enteredView ?? enteredView
    votes += batch.votes
    candidates += batch.candidates
    certificates += batch.certificates
    evidence += batch.evidence
  }

  func recovered(genesis: Header) -> RecoveredState {
    var state = RecoveredState(finalized: chain.last?.value.block.header ?? genesis, finalization: finalization)
    state.enteredView = enteredView
    state.votes = votes
    state.candidates = candidates
    state.certificates = certificates
    return state
  }
}

/// One engine with its fake shell.
final class SimulatedNode {
  let index: Int
  var engine: Engine?
  /// Counts lives: what an earlier life had under way is lost.
  var life = 0
  var disk = Disk()
  var timers: [Engine.Timer: UInt64] = [:]
  var toldPending = false
  /// Batches are written one after the other.
  var diskBusyUntil: UInt64 = 0
  var behaviour = Behaviour.honest
  var signerWorks = true
  var votingDisabledReason: VotingDisabledReason?
  /// Log roots of executed blocks, by digest.
  var executed: [Digest: Digest] = [:]
  var committedTransactions: Set<[UInt8]> = []
  var halted: HaltReason?
  var evidence: [Evidence] = []
  var builds = 0
  var catchUps = 0
  var fetches = 0
  var commitTimes: [UInt64: UInt64] = [:]

  init(index: Int) { self.index = index }

  var height: UInt64 { UInt64(disk.chain.count) }

  /// A body that this node could serve.
  func body(_ digest: Digest) -> Verified<Proposal>? {
    engine?.candidate(digest) ?? disk.candidates.first { $0.value.block.digest == digest }
      ?? disk.chain.last { $0.value.block.digest == digest }
  }
}
