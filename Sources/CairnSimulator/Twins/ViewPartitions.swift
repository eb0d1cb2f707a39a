import CairnChain
import CairnConsensus
import CairnMessages
import CairnNode
import NIOCore
import SwiftProtobuf

/// Who hears whom, by the view of what is said and not by the time at which it is said: so it does not matter how fast anybody is.
///
/// The partition of a view stands for some time from the first message of that view on. It has to end: where neither side has a quorum,
/// nobody would ever leave the view.
final class ViewPartitions {
  /// In milliseconds: longer than it takes to give up a view.
  private static let standing: UInt64 = 300

  private let scenario: TwinsScenario
  private unowned let simulation: Simulation
  /// By view: when its first message was sent, in nanoseconds.
  private var beginnings: [UInt64: UInt64] = [:]

  init(_ scenario: TwinsScenario, _ simulation: Simulation) { (self.scenario, self.simulation) = (scenario, simulation) }

  func cut(_ envelope: Envelope) -> Bool {
    guard !simulation.isMended, let view = view(of: envelope) else { return false }
    let beginning = beginnings[view] ?? simulation.scheduler.now
    beginnings[view] = beginning
    return scenario.separates(envelope.from, from: envelope.to, inView: view)
      && simulation.scheduler.now < beginning + Self.standing * Scheduler.millisecond
  }

  /// Of what a message is about; of what its sender is about where it does not say.
  private func view(of envelope: Envelope) -> UInt64? {
    let bytes = [UInt8](envelope.payload.readableBytesView)
    let stated: UInt64? =
      switch envelope.code {
      case PeerCode.vote: (try? Vote(decoding: bytes))?.statement.view
      case PeerCode.proposal: (try? ProtoProposal(serializedBytes: bytes)).flatMap { try? Vote(decoding: [UInt8]($0.vote)) }?.statement.view
      case PeerCode.certificate: (try? ProtoCertificate(serializedBytes: bytes))?.view
      default: nil
      }
    return stated ?? simulation.nodes[envelope.from].engine?.view
  }
}
