import CairnChain
import CairnConsensus
import CairnCrypto
import CairnNode
import CairnStore
import Logging
import NIOCore

/// One validator through all its lives.
final class SimulatedNode {
  /// One life: everything that a process has, and that is gone with it.
  final class Life {
    let lifetime: Lifetime
    let session: DiskSession
    fileprivate(set) var assembly: NodeAssembly<SimulatedLinks>?
    fileprivate(set) var queries: QueryService?

    fileprivate init(_ lifetime: Lifetime, _ session: DiskSession) { (self.lifetime, self.session) = (lifetime, session) }
  }

  /// Of its process, among all.
  let slot: Int
  /// Of its validator.
  let index: Int
  let medium: Medium
  /// What happened to its disk that no disk should do.
  var damage: FaultPlan.Damage.Kind?
  /// A fault was put in its way on which it has to stop.
  var mayFail = false
  /// Its disk is beyond repair.
  var isGivenUp = false
  private(set) var life: Life?
  private(set) var lifeCount = 0
  /// How far this node's wall clock is ahead, in milliseconds.
  var clockErrorMilliseconds: Int64 = 0 {
    didSet { largestClockErrorMilliseconds = max(largestClockErrorMilliseconds, UInt64(max(0, clockErrorMilliseconds))) }
  }
  /// How far it ever was ahead.
  private(set) var largestClockErrorMilliseconds: UInt64 = 0
  private unowned let simulation: Simulation

  init(slot: Int, validator index: Int, of simulation: Simulation) {
    (self.slot, self.index, self.simulation) = (slot, index, simulation)
    medium = Medium(sectorByteCount: simulation.chance.chance(500) ? 64 : 512)
  }

  var isRunning: Bool { life?.assembly != nil }
  var assembly: NodeAssembly<SimulatedLinks>? { life?.assembly }
  var queries: QueryService? { life?.queries }
  var engine: Engine? { life?.assembly?.engine }

  /// Starts it from its disk, in the same steps as a process does.
  func start() {
    guard life == nil else { return }
    lifeCount += 1
    let lifetime = Lifetime(node: slot)
    let session = DiskSession(
      medium, judge: { [unowned simulation, slot] in simulation.judge($0, $1, of: slot) },
      cut: { [unowned self, unowned lifetime] in powerWent(lifetime) })
    let life = Life(lifetime, session)
    self.life = life
    do {
      let configuration = configuration(session)
      let logger = Logger(label: "cairn.simulated", factory: { _ in SwiftLogNoOpLogHandler() })
      let opened = try OpenedNode(configuration, logger: logger)
      if let damage = opened.safetyDamage { simulation.trace.note(simulation.scheduler.now, "node \(slot): \(damage)") }
      let environment = environment(lifetime)
      let failed = Unshared(simulation)
      let ended = Unshared(lifetime)
      let assembly = try NodeAssembly(
        opened, configuration, environment: environment, logger: logger,
        links: { _ in
          guard let loop = environment.loop as? SimulatedLoop else { preconditionFailure("the loop is a simulated one") }
          return SimulatedLinks(simulation.network, lifetime, loop)
        }, fail: { [slot] failure in failed.value.failed(slot, failure, ended.value) })
      life.assembly = assembly
      life.queries = QueryService(assembly.backend, build: "simulated")
      simulation.network.attach(slot, SimulatedNetwork.Attendant(lifetime: lifetime, inlet: assembly.inlet))
      simulation.started(self, assembly)
      assembly.start()
    } catch {
      simulation.failed(slot, error, lifetime)
    }
  }

  private func configuration(_ session: DiskSession) -> NodeConfiguration {
    let keys = simulation.world.validators[index]
    let nowhere = HostAndPort(host: "127.0.0.1", port: 0)
    var configuration = NodeConfiguration(
      genesis: simulation.world.genesis, consensusKey: keys.consensusKey, nodeKey: keys.nodeKey, dataDirectory: session.path,
      peerListener: nowhere, clientListener: nowhere)
    configuration.disk = SimulatedDisk(session)
    if simulation.options.profile == .signers {
      configuration.voteKey = .remote(keys.consensusKey.publicKey, simulation.signers[index])
    }
    configuration.timers = simulation.plan.timers[index]
    configuration.snapshots = simulation.plan.snapshots
    return configuration
  }

  private func environment(_ lifetime: Lifetime) -> NodeEnvironment {
    let (scheduler, dice) = (simulation.scheduler, simulation.timing)
    let workers = { (label: Scheduler.Label, duration: ClosedRange<UInt64>) in
      SimulatedWorkers(scheduler, lifetime, dice, label, microseconds: duration)
    }
    let (node, clock) = (Unshared(self), Unshared(simulation))
    return NodeEnvironment(
      loop: SimulatedLoop(scheduler, lifetime, offset: dice.pick(1...1_000) * Scheduler.second), signatures: workers(.signatures, 50...500),
      signatureCount: 2,
      disk: workers(.chainWrite, simulation.diskMicroseconds), state: workers(.stateWrite, simulation.diskMicroseconds),
      readers: workers(.blockRead, 100...2_000), snapshots: workers(.stateWrite, 100...5_000), events: workers(.eventRead, 100...2_000),
      wallClock: { clock.value.unixMilliseconds.advanced(by: node.value.clockErrorMilliseconds) }, scheme: simulation.scheme)
  }

  /// In the middle of whatever it was doing: nothing that it still does has any effect. The rest follows with the next event.
  private func powerWent(_ lifetime: Lifetime) {
    guard life?.lifetime === lifetime else { return }
    lifetime.end()
    simulation.powerWent(slot)
  }

  /// Ends this life at once.
  func cutPower() {
    guard let life else { return }
    life.session.powerOff()
    powerWent(life.lifetime)
  }

  /// Lets go of a life that is over.
  func bury() {
    guard let life else { return }
    life.lifetime.end()
    life.session.powerOff()
    simulation.network.detach(slot)
    if let assembly = life.assembly { simulation.ended(self, assembly) }
    life.assembly?.stop()
    life.assembly = nil
    life.queries = nil
    life.session.close()
    self.life = nil
  }
}

extension UInt64 {
  fileprivate func advanced(by difference: Int64) -> UInt64 {
    difference >= 0 ? self &+ UInt64(difference) : self > difference.magnitude ? self - difference.magnitude : 0
  }
}
