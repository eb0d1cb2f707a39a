import CairnChain
import CairnCrypto
import Testing

@testable import CairnConsensus

/// Real engines on a simulated network, under virtual time. The same seed always gives the same run.
final class Cluster {
  struct Network {
    var latency: ClosedRange<UInt64> = 10...10
    /// Each of 1000.
    var loss = 0
    var duplication = 0
    /// Milliseconds until a batch is on disk.
    var diskDelay: ClosedRange<UInt64> = 0...0
  }

  let fixture: Fixture
  let nodes: [SimulatedNode]
  var network = Network()
  /// Says which messages are lost, beside those lost by chance.
  var isLost: (_ from: Int, _ to: Int, Engine.Message) -> Bool = { _, _, _ in false }
  /// Called before a batch is written and before its `durable` is given: true crashes the node there.
  var crashes: (_ node: Int, BarrierID, _ isWritten: Bool) -> Bool = { _, _, _ in false }
  var adjust: (inout Engine.Configuration) -> Void = { _ in }
  var pool: [[UInt8]] = []
  private(set) var time: UInt64 = 0
  private(set) var sent = (proposals: 0, votes: 0, certificates: 0)
  /// A digest of everything that was sent and committed.
  private(set) var trace = Digest.zero
  private var events = EventQueue<() -> Void>()
  private var generator: SeededGenerator
  private var finalized: [UInt64: Digest] = [:]
  private var published: [[UInt64: [Statement]]]
  private var tokens: UInt64 = 0

  init(_ count: Int, seed: UInt64 = 1) {
    fixture = .of(count)
    nodes = (0..<count).map(SimulatedNode.init)
    generator = SeededGenerator(seed: seed)
    published = Array(repeating: [:], count: count)
  }

  var honest: [SimulatedNode] { nodes.filter { $0.behaviour == .honest } }
  var lowestHeight: UInt64 { honest.map(\.height).min() ?? 0 }
  var highestHeight: UInt64 { honest.map(\.height).max() ?? 0 }

  func start() { for node in nodes { start(node.index) } }

  func start(_ index: Int) {
    let node = nodes[index]
    var configuration = fixture.configuration(index)
    adjust(&configuration)
    var state = node.disk.recovered(genesis: fixture.genesis)
    state.votingDisabledReason = node.votingDisabledReason
    node.engine = Engine(configuration: configuration, recovered: state)
    node.executed = [(node.disk.chain.last?.value.block.header ?? fixture.genesis).digest: root(of: node)]
    step(node, .start)
  }

  func crash(_ index: Int) {
    let node = nodes[index]
    node.engine = nil
    node.life += 1
    node.timers = [:]
    node.toldPending = false
  }

  func submit(_ transaction: String) {
    pool.append(Array(transaction.utf8))
    for node in nodes { tellPending(node) }
  }

  func at(_ time: UInt64, _ action: @escaping () -> Void) { events.add(action, at: time) }

  func random(_ range: ClosedRange<UInt64>) -> UInt64 {
    range.lowerBound == range.upperBound ? range.lowerBound : .random(in: range, using: &generator)
  }

  /// Runs until the condition holds or the time is over; says whether it holds.
  @discardableResult
  func run(for milliseconds: UInt64, until condition: () -> Bool = { false }) -> Bool {
    let end = time + milliseconds
    while !condition() {
      guard let next = events.nextTime, next <= end, let (time, action) = events.next() else {
        time = end
        return condition()
      }
      self.time = time
      action()
    }
    return true
  }

  func step(_ node: SimulatedNode, _ input: Input) {
    guard node.engine != nil else { return }
    let instant = Instant(monotonicMilliseconds: time, unixMilliseconds: Fixture.genesisTime + 1000 + time)
    let effects = node.engine?.step(input, at: instant) ?? []
    for effect in effects { perform(effect, for: node) }
    tellPending(node)
  }

  /// A later input of this life.
  private func later(_ delay: UInt64, _ node: SimulatedNode, _ action: @escaping () -> Void) {
    let life = node.life
    at(time + delay) { if node.life == life { action() } }
  }

  private func answer(_ node: SimulatedNode, _ input: Input) { later(0, node) { [self] in step(node, input) } }

  private func perform(_ effect: Effect, for node: SimulatedNode) {
    switch effect {
    case .persist(let batch, let id): persist(batch, id, node)
    case .sign(let statement):
      answer(node, node.signerWorks ? .signed(Fixture.vote(statement, by: node.index)) : .signingFailed(statement))
    case .send(let message, let recipients): send(message, to: recipients, from: node)
    case .build(let request): build(request, node)
    case .execute(let proposal): execute(proposal, node)
    case .fetch(let digest, let holders): fetch(digest, holders, node)
    case .arm(let timer, let delay): arm(timer, delay, node)
    case .cancel(let timer): node.timers[timer] = nil
    case .commit(let blocks, let finalization): commit(blocks, finalization, node)
    case .catchUp(let target): catchUp(target, node)
    case .evidence(let evidence): node.evidence.append(evidence)
    case .halt(let reason): node.halted = reason
    }
  }

  private func persist(_ batch: PersistBatch, _ id: BarrierID, _ node: SimulatedNode) {
    node.diskBusyUntil = max(node.diskBusyUntil, time) + random(network.diskDelay)
    later(node.diskBusyUntil - time, node) { [self] in
      if crashes(node.index, id, false) { return crash(node.index) }
      node.disk.write(batch)
      if crashes(node.index, id, true) { return crash(node.index) }
      step(node, .durable(id))
    }
  }

  private func arm(_ timer: Engine.Timer, _ delay: UInt64, _ node: SimulatedNode) {
    tokens += 1
    let token = tokens
    node.timers[timer] = token
    later(delay, node) { [self] in
      guard node.timers[timer] == token else { return }
      node.timers[timer] = nil
      step(node, .timer(timer))
    }
  }

  private func build(_ request: BuildRequest, _ node: SimulatedNode) {
    node.builds += 1
    let transactions = waiting(node, parent: request.parent)
    guard !transactions.isEmpty || request.mayBeEmpty else { return answer(node, .nothingToBuild(view: request.view)) }
    let wallClock = Fixture.genesisTime + 1000 + time
    let block = fixture.block(
      on: request.parentHeader, view: request.view, transactions: Array(transactions.prefix(10)),
      time: max(wallClock, request.earliestTimeMilliseconds))
    node.executed[block.digest] = block.header.logRoot
    answer(node, .built(block, view: request.view))
  }

  private func execute(_ proposal: Verified<Proposal>, _ node: SimulatedNode) {
    let block = proposal.value.block
    guard let parentRoot = node.executed[block.header.parent] else {
      Issue.record("executed before its parent")
      return
    }
    let verdict = Fixture.verdict(block, parentRoot: parentRoot)
    if verdict == .valid { node.executed[block.digest] = block.header.logRoot }
    answer(node, .executed(block.digest, verdict))
  }

  private func root(of node: SimulatedNode) -> Digest { node.disk.chain.last?.value.block.header.logRoot ?? fixture.genesis.logRoot }

  private func commit(_ blocks: [Verified<Proposal>], _ finalization: Verified<Certificate>, _ node: SimulatedNode) {
    #expect(blocks.last?.value.block.digest == finalization.value.statement.digest)
    for block in blocks {
      append(block, node)
      node.commitTimes[node.height] = time
    }
    node.disk.finalization = finalization
  }

  /// Agreement, and no gap.
  private func append(_ proposal: Verified<Proposal>, _ node: SimulatedNode) {
    let header = proposal.value.block.header
    let last = node.disk.chain.last?.value.block.header ?? fixture.genesis
    #expect(header.parent == last.digest && header.height == last.height + 1)
    #expect(finalized[header.height, default: header.digest] == header.digest, "two blocks were finalized at height \(header.height)")
    finalized[header.height] = header.digest
    node.disk.chain.append(proposal)
    node.executed[header.digest] = header.logRoot
    node.committedTransactions.formUnion(proposal.value.block.transactions)
    record(header.digest.bytes + [UInt8(node.index)])
  }

  private func catchUp(_ target: Verified<Certificate>, _ node: SimulatedNode) {
    node.catchUps += 1
    later(random(network.latency) * 2, node) { [self] in
      guard let digest = target.value.statement.digest, let path = path(to: digest, above: node) else {
        return later(500, node) { [self] in catchUp(target, node) }
      }
      for block in path { append(block, node) }
      guard let header = path.last?.value.block.header else { return }
      node.disk.finalization = target
      step(node, .committed(header, finalization: target))
    }
  }

  /// The blocks from a node's last one to this digest, from whoever has them; empty when it is there already.
  private func path(to digest: Digest, above node: SimulatedNode) -> [Verified<Proposal>]? {
    var path: [Verified<Proposal>] = []
    var next = digest
    while next != (node.disk.chain.last?.value.block.header ?? fixture.genesis).digest {
      guard let block = nodes.lazy.compactMap({ $0.body(next) }).first, block.value.block.header.height > node.height else { return nil }
      path.append(block)
      next = block.value.block.header.parent
    }
    return path.reversed()
  }

  private func fetch(_ digest: Digest, _ holders: [Int], _ node: SimulatedNode) {
    node.fetches += 1
    guard let holder = holders.first, !lose(node.index, holder, nil) else { return }
    later(random(network.latency), node) { [self] in
      guard let proposal = nodes[holder].body(digest), !lose(holder, node.index, nil) else { return }
      later(random(network.latency), node) { [self] in step(node, .fetched(proposal)) }
    }
  }

  /// Transactions that wait for a block on this parent.
  private func waiting(_ node: SimulatedNode, parent: Digest) -> [[UInt8]] {
    var included = node.committedTransactions
    var digest = parent
    while let block = node.engine?.candidate(digest)?.value.block {
      included.formUnion(block.transactions)
      digest = block.header.parent
    }
    return pool.filter { !included.contains($0) }
  }

  private func tellPending(_ node: SimulatedNode) {
    guard let engine = node.engine, engine.view > 0 else { return }
    let parent = engine.ancestryOfNextBlock()?.digest ?? engine.committed.digest
    let isPending = !waiting(node, parent: parent).isEmpty
    guard isPending != node.toldPending else { return }
    node.toldPending = isPending
    answer(node, .pending(isPending))
  }

  private func record(_ bytes: [UInt8]) { trace = .sha256(trace.bytes + bytes) }
}

extension Cluster {
  fileprivate func lose(_ from: Int, _ to: Int, _ message: Engine.Message?) -> Bool {
    if network.loss > 0, random(0...999) < UInt64(network.loss) { return true }
    return message.map { isLost(from, to, $0) } ?? false
  }

  fileprivate func send(_ message: Engine.Message, to recipients: Recipients, from node: SimulatedNode) {
    let all = nodes.indices.filter { $0 != node.index }
    let targets = if case .one(let target) = recipients { [target] } else { all }
    if node.behaviour == .honest { check(message, from: node) }
    for target in targets {
      for sent in distorted(message, from: node, to: target) { transmit(sent, from: node.index, to: target) }
    }
  }

  fileprivate func transmit(_ message: Engine.Message, from: Int, to: Int) {
    switch message {
    case .proposal: sent.proposals += 1
    case .vote: sent.votes += 1
    case .certificate: sent.certificates += 1
    }
    guard !lose(from, to, message) else { return }
    let copies = network.duplication > 0 && random(0...999) < UInt64(network.duplication) ? 2 : 1
    for _ in 0..<copies {
      at(time + random(network.latency)) { [self] in
        step(nodes[to], .heard(from))
        switch message {
        case .proposal(let proposal): step(nodes[to], .proposal(.own(proposal), from: from))
        case .vote(let vote): step(nodes[to], .vote(.recovered(vote)))
        case .certificate(let certificate): step(nodes[to], .certificate(.recovered(certificate)))
        }
      }
    }
  }

  /// No honest validator ever signs two statements that exclude each other, restarts included, and none leaves before it is on disk.
  private func check(_ message: Engine.Message, from node: SimulatedNode) {
    let vote: Vote
    switch message {
    case .vote(let sent): vote = sent
    case .proposal(let proposal):
      guard let sent = proposal.vote else { return }
      vote = sent
      #expect(node.disk.candidates.contains { $0.value.block.digest == proposal.block.digest }, "a block was sent before it was on disk")
    case .certificate: return
    }
    let statement = vote.statement
    #expect(vote.validator == node.index)
    #expect(node.disk.votes.contains { $0.value == vote }, "\(statement) was sent before it was on disk")
    let earlier = published[node.index][statement.view, default: []]
    #expect(!earlier.contains { $0.conflicts(with: statement) }, "node \(node.index) signed \(statement) after \(earlier)")
    if !earlier.contains(statement) { published[node.index][statement.view, default: []].append(statement) }
    record(vote.bytes)
  }

  /// What a Byzantine validator sends instead.
  private func distorted(_ message: Engine.Message, from node: SimulatedNode, to target: Int) -> [Engine.Message] {
    switch (node.behaviour, message) {
    case (.honest, _): return [message]
    case (.silent, _): return []
    case (.withholds, .certificate): return [message]
    case (.withholds, _): return target == (node.index + 1) % nodes.count ? [message] : []
    case (.contradicts, .vote(let vote)):
      let view = vote.statement.view
      guard let digest = vote.statement.digest else { return [message] }
      return [message, .vote(Fixture.vote(.nullify(view), by: node.index).value)]
        + [.vote(Fixture.vote(.finalize(epoch: 0, view: view, digest: digest), by: node.index).value)]
    case (.tampers, .proposal(let proposal)):
      let block = Block(header: proposal.block.header, transactions: proposal.block.transactions + [Array("more".utf8)])
      return [.proposal(Proposal(block: block, vote: proposal.vote, parent: proposal.parent, skips: proposal.skips))]
    case (.equivocates, .proposal(let proposal)):
      let other = twin(of: proposal, by: node.index)
      let votes = [proposal, other].map { Engine.Message.vote(Fixture.vote(.notarize($0.block), by: node.index).value) }
      return [.proposal(target % 2 == 0 ? proposal : other)] + (target % 3 == 0 ? votes : [])
    default: return [message]
    }
  }

  /// The same block with another time.
  private func twin(of proposal: Proposal, by validator: Int) -> Proposal {
    var fields = proposal.block.header.fields
    fields.timeMilliseconds += 1
    let block = Block(header: Header(fields), transactions: proposal.block.transactions)
    return Proposal(block: block, vote: Fixture.vote(.notarize(block), by: validator).value, parent: proposal.parent, skips: proposal.skips)
  }
}
