import CairnChain
import CairnConsensus
import CairnCrypto
import CairnNode
import NIOCore

/// Watches everything that leaves a node, and holds it against what must be so. Its arithmetic is its own.
final class Oracle {
  private unowned let simulation: Simulation
  private(set) lazy var chain = ChainOracle(simulation)
  private(set) lazy var votes = VoteOracle(simulation)

  init(_ simulation: Simulation) { self.simulation = simulation }

  var highestHeight: UInt64 { chain.highestHeight }

  func started(_ node: SimulatedNode, _ assembly: NodeAssembly<SimulatedLinks>) {
    votes.started(node)
    chain.started(node, assembly)
  }

  func published(_ node: SimulatedNode) {
    chain.published(node)
    check(node)
  }

  func sends(_ envelope: Envelope) { votes.sends(envelope) }

  /// Whether every node that must be able to is at this height.
  func hasEverybody(at height: UInt64) -> Bool {
    simulation.nodes.allSatisfy { node in
      !simulation.isReliable(node) || (node.assembly?.backend.head.header.height ?? 0) >= height
    }
  }

  func checkAtEnd() {
    simulation.workload.checkAcknowledged()
    for node in simulation.nodes { check(node) }
  }

  /// What a node says about itself and others.
  private func check(_ node: SimulatedNode) {
    guard let assembly = node.assembly else { return }
    for evidence in assembly.evidence {
      guard let validator = chain.validator(evidence.validator, inEpoch: evidence.epoch), simulation.isHonest(validator) else { continue }
      // A validator whose records are an older copy may have contradicted itself before anybody could tell it.
      if simulation.nodes[validator].damage?.forgets ?? false { continue }
      simulation.report(.falseEvidence, "node \(node.slot) has evidence against \(validator)")
    }
    guard simulation.isReliable(node) else { return }
    if let reason = assembly.haltReason { simulation.report(.failure, "node \(node.slot) is halted: \(reason.label)") }
    if let reason = assembly.engine?.votingDisabledReason {
      simulation.report(.failure, "node \(node.slot) does not vote any more: \(reason.rawValue)")
    }
  }
}

extension FaultPlan.Damage.Kind {
  /// Whether all of a disk forgets what it knew, so that only the other validators can tell.
  var forgets: Bool { self == .olderCopy || self == .wiped }
}
