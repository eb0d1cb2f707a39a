import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnNode

/// Agreement, the hash chain, and that what was published stays.
final class ChainOracle {
  private unowned let simulation: Simulation
  /// The one header of each height, from 0.
  private(set) var headers: [Header] = []
  /// Heights of the transactions that are final, by the bytes that were submitted.
  private(set) var transactions: [[UInt8]: UInt64] = [:]
  /// The validators of each epoch, as this oracle reads it off the transactions.
  private(set) var sets: [[Validator]]
  /// The ledger as its rules say, after the newest header.
  private(set) var model: LedgerModel
  private var log = NaiveLog()
  /// The last height that each node has published, in any life.
  private var publishedHeights: [UInt64?]

  init(_ simulation: Simulation) {
    self.simulation = simulation
    sets = [simulation.world.genesis.validators.validators]
    model = LedgerModel(simulation.world.genesis, scheme: simulation.scheme)
    publishedHeights = Array(repeating: nil, count: simulation.nodes.count)
  }

  var highestHeight: UInt64 { UInt64(max(1, headers.count)) - 1 }

  /// A node that comes back has everything that it ever showed to anybody.
  func started(_ node: SimulatedNode, _ assembly: NodeAssembly<SimulatedLinks>) {
    let height = assembly.backend.head.header.height
    if node.damage == nil, let published = publishedHeights[node.slot], height < published {
      simulation.report(.appendOnly, "node \(node.slot) is back at height \(height), and has published \(published)")
    }
    publishedHeights[node.slot] = nil
    published(node, assembly)
  }

  func published(_ node: SimulatedNode) {
    if let assembly = node.assembly { published(node, assembly) }
  }

  private func published(_ node: SimulatedNode, _ assembly: NodeAssembly<SimulatedLinks>) {
    let head = assembly.backend.head
    let newest = head.header.height
    simulation.trace.mix(UInt64(node.slot) << 56 | newest)
    var height = publishedHeights[node.slot].map { $0 + 1 } ?? 0
    if publishedHeights[node.slot] == nil, newest > 0 { height = newest }
    if let last = publishedHeights[node.slot], newest > last + UInt64(SyncWindow.blockLimit) { simulation.coverage.fired("snapshot") }
    publishedHeights[node.slot] = newest
    // Who began with a snapshot has not got what was long before it, and says so.
    if let first = assembly.backend.historyFrom, height < first, newest >= first { height = first }
    while height <= newest {
      let header = height == newest ? head.header : (try? assembly.backend.header(atHeight: height)) ?? nil
      guard let header else {
        return simulation.report(.hashChain, "node \(node.slot) published height \(newest) and has no header at \(height)")
      }
      check(header, at: height, of: node, assembly)
      height += 1
    }
    checkCertificate(head, of: node)
  }

  private func check(_ header: Header, at height: UInt64, of node: SimulatedNode, _ assembly: NodeAssembly<SimulatedLinks>) {
    while UInt64(headers.count) < height {
      guard let missing = (try? assembly.backend.header(atHeight: UInt64(headers.count))) ?? nil else {
        return simulation.report(.hashChain, "node \(node.slot) has height \(height) and not \(headers.count)")
      }
      extend(missing, node, assembly)
    }
    if UInt64(headers.count) == height { return extend(header, node, assembly) }
    let known = headers[Int(height)]
    guard known.bytes != header.bytes else { return }
    simulation.report(
      .agreement,
      "node \(node.slot) has \(header.digest) at height \(height), another one \(known.digest)")
  }

  /// The first node that shows a block shows it for all.
  private func extend(_ header: Header, _ node: SimulatedNode, _ assembly: NodeAssembly<SimulatedLinks>) {
    let height = UInt64(headers.count)
    guard header.height == height, header.parent == (headers.last.map { Self.digest(of: $0) } ?? .zero),
      headers.last.map({ $0.timeMilliseconds < header.timeMilliseconds }) ?? true
    else { return simulation.report(.hashChain, "the header of height \(height) does not follow the one before") }
    checkContents(of: header, node)
    guard let block = try? assembly.backend.blocks(from: height, count: 1, bytes: 1 << 20).first?.block, block.header.bytes == header.bytes
    else {
      return simulation.report(.hashChain, "node \(node.slot) published height \(height) and does not have its block")
    }
    for transaction in block.transactions {
      log.append(LogEntry.transaction(transaction).bytes)
      if let earlier = transactions.updateValue(height, forKey: transaction) {
        simulation.report(.hashChain, "a transaction of height \(height) was in \(earlier) already")
      }
    }
    if log.count != header.logSize || log.root != header.logRoot {
      simulation.report(.hashChain, "the header of height \(height) states another log than that of its transactions")
    }
    if height > 0, let problem = model.apply(block) { simulation.report(.ledger, "the block of height \(height) has \(problem)") }
    checkEpoch(of: header)
    checkAccused()
    log.append(LogEntry.header(header.bytes).bytes)
    headers.append(header)
    if !block.transactions.isEmpty { simulation.coverage.fired("R5") }
    simulation.trace.note(
      simulation.scheduler.now, "height \(height) is final: \(block.transactions.count) transactions, view \(header.view)")
  }

  /// How far a block's time may be ahead: what R2 tolerates, and a clock's grain.
  private static let toleranceMilliseconds: UInt64 = 2_001

  /// What a quorum must have refused.
  private func checkContents(of header: Header, _ node: SimulatedNode) {
    if header.timeMilliseconds > simulation.unixMilliseconds + clockErrorMilliseconds + Self.toleranceMilliseconds {
      simulation.report(.hashChain, "the block of height \(header.height) is of the future")
    }
    if header.height > 0, let engine = node.engine, engine.epoch == header.epoch, engine.leader(of: header.view) != Int(header.proposer) {
      simulation.report(.hashChain, "the block of height \(header.height) is not by the leader of its view")
    }
  }

  /// By how much the clocks of a whole quorum, its faulty members left out, were ahead at some time.
  private var clockErrorMilliseconds: UInt64 {
    let count = simulation.options.nodes
    let faultLimit = (count - 1) / 3
    let errors = simulation.nodes.map(\.largestClockErrorMilliseconds).sorted(by: >)
    return errors[count - 2 * faultLimit - 1]
  }

  /// An epoch ends with the block whose transactions change the validators, and with no other.
  private func checkEpoch(of header: Header) {
    guard var next = sets.last else { return }
    guard header.epoch == UInt64(sets.count - 1), header.validatorsHash == (try? ValidatorSet(next).hash) else {
      return simulation.report(.hashChain, "the header of height \(header.height) is of another epoch than \(sets.count - 1)")
    }
    for change in model.validatorChanges {
      switch change {
      case .add(let validator): next.append(validator)
      case .remove(let name): next.removeAll { $0.name == name }
      case .replace(let name, let validator): next = next.map { $0.name == name ? validator : $0 }
      }
    }
    let isChanged = !model.validatorChanges.isEmpty
    if header.fields.nextValidatorsHash != (isChanged ? try? ValidatorSet(next).hash : nil) {
      simulation.report(.hashChain, "the header of height \(header.height) names other next validators than its transactions lead to")
    }
    guard isChanged else { return }
    sets.append(next)
    simulation.coverage.fired("epoch")
  }

  /// What is on the ledger about a validator's fault stays there.
  private func checkAccused() {
    for evidence in model.accused {
      guard let validator = validator(evidence.validator, inEpoch: evidence.epoch), simulation.isHonest(validator),
        !(simulation.nodes[validator].damage?.forgets ?? false)
      else { continue }
      simulation.report(.falseEvidence, "the ledger has evidence against \(validator)")
    }
  }

  func key(of index: Int, inEpoch epoch: UInt64) -> PublicKey? {
    guard epoch < UInt64(sets.count), sets[Int(epoch)].indices.contains(index) else { return nil }
    return sets[Int(epoch)][index].consensusKey
  }

  /// Which validator of the genesis has this index in an epoch.
  func validator(_ index: Int, inEpoch epoch: UInt64) -> Int? {
    guard epoch < UInt64(sets.count), sets[Int(epoch)].indices.contains(index) else { return nil }
    let key = sets[Int(epoch)][index].consensusKey
    return simulation.world.validators.firstIndex { $0.consensusKey.publicKey == key }
  }

  /// H("cairn/header/v1" || 0x00 || bytes).
  private static func digest(of header: Header) -> Digest {
    var hasher = SHA256Hasher()
    hasher.update(Array("cairn/header/v1".utf8) + [0] + header.bytes)
    return hasher.finalize()
  }

  /// Of a head: a quorum of signatures over Finalize of this very header.
  private func checkCertificate(_ head: PublishedHead, of node: SimulatedNode) {
    guard head.header.height > 0 else { return }
    guard head.header.epoch < UInt64(sets.count) else {
      return simulation.report(.hashChain, "node \(node.slot) published height \(head.header.height) of an epoch that never began")
    }
    let validators = sets[Int(head.header.epoch)]
    let count = validators.count
    guard let certificate = head.certificate, let view = Optional(certificate.view) else {
      return simulation.report(.hashChain, "node \(node.slot) published height \(head.header.height) without a certificate")
    }
    var message = Array("cairn/finalize/v1".utf8) + [0] + simulation.world.genesis.network.bytes
    for value in [certificate.epoch, view] { message += (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) } }
    message += Self.digest(of: head.header).bytes
    let (bitmap, signatures) = ([UInt8](certificate.signers), [UInt8](certificate.signatures))
    let signers = (0..<count).filter { bitmap.count > $0 / 8 && bitmap[$0 / 8] & (1 << UInt8($0 % 8)) != 0 }
    let isSigned =
      certificate.epoch == head.header.epoch && signers.count * 3 > count * 2 && signatures.count == signers.count * 64
      && zip(signers, 0...).allSatisfy { validator, position in
        guard let signature = Signature(signatures[position * 64..<position * 64 + 64]) else { return false }
        return simulation.scheme.isValid(signature, by: validators[validator].consensusKey, for: message)
      }
    if !isSigned {
      simulation.report(.hashChain, "node \(node.slot) published height \(head.header.height) without a quorum's signatures")
    }
  }
}

/// RFC 6962 in the plainest way that is still linear: the roots of the full subtrees from the left.
struct NaiveLog {
  private(set) var count: UInt64 = 0
  private var roots: [(size: UInt64, hash: [UInt8])] = []

  mutating func append(_ entry: [UInt8]) {
    roots.append((1, Self.hash([0] + entry)))
    count += 1
    while roots.count >= 2, roots[roots.count - 1].size == roots[roots.count - 2].size {
      let (right, left) = (roots.removeLast(), roots.removeLast())
      roots.append((left.size + right.size, Self.hash([1] + left.hash + right.hash)))
    }
  }

  var root: Digest {
    guard var hash = roots.last?.hash else { return Digest(Self.hash([])) ?? .zero }
    for left in roots.dropLast().reversed() { hash = Self.hash([1] + left.hash + hash) }
    return Digest(hash) ?? .zero
  }

  private static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finalize().bytes
  }
}
