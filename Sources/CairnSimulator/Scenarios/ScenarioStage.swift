import CairnChain
import CairnConsensus
import CairnLedger
import CairnNode
import NIOCore

/// Performs the steps of a scenario.
struct ScenarioStage {
  /// How long something may take that must come, in milliseconds.
  private static let patience = 120_000

  private let simulation: Simulation

  init(_ simulation: Simulation) { self.simulation = simulation }

  func perform(_ step: Scenario.Line) throws {
    switch step.words[0] {
    case "submit": for _ in 0..<(try step.number(1)) { simulation.workload.submitOne() }
    case "remove": try simulation.workload.submit(.remove(validator(step).name))
    case "admit": try simulation.workload.submit(.add(validator(step)))
    case "run": simulation.run(for: UInt64(try step.number(1))) { false }
    case "until": try wait(step)
    case "start", "crash", "kill": try power(step)
    case "split", "cut", "heal", "loss", "latency": try network(step)
    case "copy", "restore", "wipe", "flip", "full", "free", "clock": try disk(step)
    case "byzantine":
      guard let kind = AdversaryKind(rawValue: try step.word(2)) else { throw step.error("no such adversary") }
      simulation.corrupt(try step.number(1), kind)
    case "expect": try expect(step)
    default: throw step.error("no such step")
    }
  }

  private func validator(_ step: Scenario.Line) throws -> Validator {
    guard let validator = simulation.world.genesis.validators[try step.number(1)] else { throw step.error("no such validator") }
    return validator
  }

  private func nodes(_ words: some Sequence<String>, _ step: Scenario.Line) throws -> [SimulatedNode] {
    var nodes: [SimulatedNode] = []
    for word in words {
      if word == "all" { return simulation.nodes }
      guard let slot = Int(word), simulation.nodes.indices.contains(slot) else { throw step.error("no node \(word)") }
      nodes.append(simulation.nodes[slot])
    }
    return nodes
  }

  private func node(_ step: Scenario.Line) throws -> SimulatedNode {
    guard let node = try nodes(step.words.dropFirst().prefix(1), step).first else { throw step.error("which node?") }
    return node
  }

  /// `until height H [on I] [within MS]`, `until view V`, `until settled`, `until voting I`.
  private func wait(_ step: Scenario.Line) throws {
    let simulation = simulation
    let isDone: () -> Bool
    switch try step.word(1) {
    case "height":
      let height = UInt64(try step.number(2))
      if step.words.contains("on") {
        let slot = try step.number(after: "on", or: 0)
        isDone = { (simulation.nodes[slot].assembly?.backend.head.header.height ?? 0) >= height }
      } else {
        isDone = {
          simulation.nodes.allSatisfy {
            !simulation.isReliable($0) || $0.assembly.map { $0.backend.head.header.height >= height } ?? true
          }
        }
      }
    case "more":
      let height = simulation.oracle.highestHeight + UInt64(try step.number(2))
      isDone = { simulation.oracle.highestHeight >= height }
    case "level":
      let height = simulation.oracle.highestHeight
      isDone = { simulation.nodes.allSatisfy { $0.assembly.map { $0.backend.head.header.height >= height } ?? true } }
    case "view":
      let view = UInt64(try step.number(2))
      isDone = { simulation.nodes.contains { ($0.engine?.view ?? 0) >= view } }
    case "epoch":
      let epoch = UInt64(try step.number(2))
      // What is published too: clients are judged by it.
      isDone = {
        simulation.nodes.allSatisfy {
          $0.assembly.map { ($0.engine?.epoch ?? 0) >= epoch && $0.backend.head.state.epoch >= epoch } ?? true
        }
      }
    case "settled": isDone = { simulation.workload.isDone }
    default: throw step.error("until what?")
    }
    let milliseconds = UInt64(try step.number(after: "within", or: Self.patience))
    guard simulation.run(for: milliseconds, until: isDone) || simulation.violation != nil else {
      throw step.error("did not come within \(milliseconds) ms: \(simulation.situation)")
    }
  }

  /// `start I… | all`, `kill I… | all`, `crash I… | all [at proposal | notarize | nullify | finalize [of I]]`.
  private func power(_ step: Scenario.Line) throws {
    let names = step.words.dropFirst().prefix { $0 != "at" }
    let chosen = try nodes(names, step)
    if let position = step.words.firstIndex(of: "at") {
      try waitForSending(step.word(position + 1), of: step.words.contains("of") ? step.number(after: "of", or: 0) : nil, step)
    }
    for node in chosen {
      switch step.words[0] {
      case "start": node.start()
      case "kill": node.bury()
      default: simulation.faults.cutPower(node)
      }
    }
  }

  /// Runs until a message of this kind is about to leave a node.
  private func waitForSending(_ kind: String, of slot: Int?, _ step: Scenario.Line) throws {
    let wanted: (code: UInt16, kind: UInt8?)
    switch kind {
    case "proposal": wanted = (PeerCode.proposal, nil)
    case "notarize": wanted = (PeerCode.vote, 1)
    case "nullify": wanted = (PeerCode.vote, 2)
    case "finalize": wanted = (PeerCode.vote, 3)
    default: throw step.error("at what?")
    }
    let seen = Seen()
    simulation.watch = { envelope in
      guard envelope.code == wanted.code, slot ?? envelope.from == envelope.from else { return }
      if wanted.kind == nil || envelope.payload.readableBytesView.first == wanted.kind { seen.isSeen = true }
    }
    defer { simulation.watch = nil }
    guard simulation.run(for: UInt64(Self.patience), until: { seen.isSeen }) else { throw step.error("nobody sent it") }
  }

  private final class Seen { var isSeen = false }

  /// `split 0 1 | 2 3`, `cut 0 1` (one direction), `heal`, `loss PERMILLE`, `latency FROM TO`.
  private func network(_ step: Scenario.Line) throws {
    let network = simulation.network
    switch step.words[0] {
    case "split":
      let groups = try step.words.dropFirst().split(separator: "|").map { try nodes($0, step).map(\.slot) }
      for from in simulation.nodes.indices {
        for to in simulation.nodes.indices where from != to && !groups.contains(where: { $0.contains(from) && $0.contains(to) }) {
          network.setBlocked(true, from: from, to: to)
        }
      }
    case "cut": network.setBlocked(true, from: try step.number(1), to: try step.number(2))
    case "heal":
      network.mend()
      network.conditions = .good
    case "loss": network.conditions.loss = try step.number(1)
    default:
      let (low, high) = (UInt64(try step.number(1)), UInt64(try step.number(2)))
      guard low <= high else { throw step.error("from the lower to the higher") }
      network.conditions.latency = low...high
    }
  }

  /// `copy I`, `restore I [chain | safety_log]`, `wipe I`, `flip I`, `full I`, `free I`, `clock I MS`.
  private func disk(_ step: Scenario.Line) throws {
    let node = try node(step)
    switch step.words[0] {
    case "copy": simulation.faults.copy(node)
    case "restore":
      let what = step.words.count > 2 ? step.words[2] : "all"
      simulation.faults.inflict(what == "chain" ? .olderChain : what == "safety_log" ? .olderSafetyLog : .olderCopy, on: node)
    case "wipe": simulation.faults.inflict(.wiped, on: node)
    case "flip": simulation.faults.inflict(.bitFlip, on: node)
    case "full": node.medium.isFull = true
    case "free": node.medium.isFull = false
    default: node.clockErrorMilliseconds = Int64(try step.number(2))
    }
  }

  /// `expect voting I…`, `following I REASON`, `down I…`, `height H`, `stalled MS`, `evidence I`, `no evidence`, `acknowledged N`.
  private func expect(_ step: Scenario.Line) throws {
    switch try step.word(1) {
    case "voting":
      for node in try nodes(step.words.dropFirst(2), step) {
        guard let engine = node.engine, engine.votingDisabledReason == nil, engine.configuration.validatorIndex != nil else {
          throw step.error(simulation.situation)
        }
      }
    case "outside":
      for node in try nodes(step.words.dropFirst(2), step) {
        guard let engine = node.engine, engine.configuration.validatorIndex == nil else { throw step.error(simulation.situation) }
      }
    case "fired":
      guard simulation.coverage[try step.word(2)] > 0 else { throw step.error("it did not") }
    case "following":
      let reason = try nodes([step.word(2)], step).first?.engine?.votingDisabledReason
      guard reason?.rawValue == (try step.word(3)) else { throw step.error("it is \(reason?.rawValue ?? "not"): \(simulation.situation)") }
    case "down":
      for node in try nodes(step.words.dropFirst(2), step) where node.life != nil { throw step.error("node \(node.slot) runs") }
    case "height":
      guard simulation.oracle.highestHeight >= UInt64(try step.number(2)) else { throw step.error(simulation.situation) }
    case "stalled":
      let height = simulation.oracle.highestHeight
      simulation.run(for: UInt64(try step.number(2))) { false }
      guard simulation.oracle.highestHeight == height else { throw step.error("height \(simulation.oracle.highestHeight)") }
    case "evidence":
      let validator = try step.number(2)
      let isKnown = simulation.nodes.contains { $0.assembly?.evidence.contains { $0.validator == validator } ?? false }
      guard isKnown else { throw step.error("nobody has any") }
    case "no":
      guard simulation.nodes.allSatisfy({ $0.assembly?.evidence.isEmpty ?? true }) else { throw step.error("there is some") }
    case "acknowledged":
      guard simulation.workload.acknowledgedCount >= (try step.number(2)) else {
        throw step.error("\(simulation.workload.acknowledgedCount) were")
      }
    default: throw step.error("expect what?")
    }
  }
}
