import CairnCrypto
import CairnIdentity
import CairnLedger

/// What clients must not get: each breaks one rule and keeps all others. What nodes let through all the same, ``LedgerModel`` sees.
enum Mistake: String, CaseIterable {
  /// A change of a version that was replaced before.
  case stale
  case deactivated
  case expired
  case otherNetwork = "other_network"
  case oversize
  /// A thief has the update key, and not the one that was announced.
  case stolenKey = "stolen_key"
  case strangersUpdate = "strangers_update"
  case unsignedSubmitter = "unsigned_submitter"
  case isolated
  case unrevoked
  case foreignRevoker = "foreign_revoker"
  case noRegistrar = "no_registrar"
}

extension Agents {
  func mistake(_ moment: Moment) throws -> Wish? {
    let mistake = Mistake.allCases[dice.pick(0...Mistake.allCases.count - 1)]
    guard let bytes = try bytes(of: mistake, moment) else { return nil }
    return Wish(name: "mistake_\(mistake.rawValue)", bytes: bytes, did: nil)
  }

  private func bytes(of mistake: Mistake, _ moment: Moment) throws -> [UInt8]? {
    switch mistake {
    case .stale, .deactivated, .stolenKey, .strangersUpdate, .isolated: try change(mistake, moment)
    case .expired:
      try unsigned([innocent()], by: world.registrar, moment, notAfter: moment.height).signed(by: [world.registrarKey]).bytes
    case .otherNetwork: try otherNetwork(moment)
    case .oversize: dice.bytes(Transaction.byteLimit + 1)
    case .unsignedSubmitter: try unsigned([innocent()], by: world.registrar, moment).signed(by: [dice.signingKey()]).bytes
    case .unrevoked:
      try lists.first { $0.purpose == .revocation }.map { list in
        try signed([.updateStatusList(list.id, set: [UInt32](), clear: [7 as UInt32], network: network)], moment)
      }
    case .foreignRevoker: try foreignRevoker(moment)
    case .noRegistrar: try noRegistrar(moment)
    }
  }

  private func innocent() throws -> LedgerOperation {
    let list = try StatusListID(issuer: world.registrar, name: "extra-\(dice.pick(0...1_000_000))")
    return try .createStatusList(list, purpose: .suspension, network: network)
  }

  private func signed(_ operations: [LedgerOperation], _ moment: Moment, by keys: [SigningKey] = []) throws -> [UInt8] {
    try unsigned(operations, by: world.registrar, moment).signed(by: [world.registrarKey] + keys).bytes
  }

  private func change(_ mistake: Mistake, _ moment: Moment) throws -> [UInt8]? {
    let candidates = agents.filter { $0.isDeactivated == (mistake == .deactivated) && !$0.isBusy }
    guard let agent = dice.pick(from: candidates), let resolved = moment.resolve(agent.did) else { return nil }
    let head = resolved.record.head
    let document = DIDDocument.simulated(dice.signingKey().publicKey)
    switch mistake {
    case .stale:
      guard head.sequence > 0 else { return nil }
      let old = DIDHead(sequence: head.sequence - 1, hash: head.hash)
      return try signed([.update(agent.did, after: old, document: document, network: network)], moment, by: [agent.key])
    case .stolenKey:
      let thief = dice.signingKey()
      let control = try Control(update: thief.publicKey, next: dice.signingKey().publicKey)
      return try signed([.rotate(agent.did, after: head, control: control, network: network)], moment, by: [agent.key, thief])
    case .strangersUpdate:
      return try signed([.update(agent.did, after: head, document: document, network: network)], moment, by: [dice.signingKey()])
    case .isolated:
      // In one transaction: nothing comes between.
      let isolate = try LedgerOperation.isolate(agent.did, reason: "mistake", network: network)
      return try signed(
        [isolate, .update(agent.did, after: head, document: document, network: network)], moment, by: [agent.key])
    default:
      return try signed([.update(agent.did, after: head, document: document, network: network)], moment, by: [agent.key])
    }
  }

  private func otherNetwork(_ moment: Moment) throws -> [UInt8] {
    let other = Digest.sha256(dice.bytes(32))
    let did = CairnDID(network: other, create: .sha256(dice.bytes(32)))
    let operation = try LedgerOperation.createStatusList(try StatusListID(issuer: did, name: "list"), purpose: .suspension, network: other)
    return try UnsignedTransaction(
      network: other, submitter: did, notAfterHeight: moment.height + 900, nonce: dice.bytes(16), operations: [operation]
    ).signed(by: [world.registrarKey]).bytes
  }

  /// An agent that nobody delegated the list to.
  private func foreignRevoker(_ moment: Moment) throws -> [UInt8]? {
    guard let list = dice.pick(from: lists), let (_, agent, _) = idleAgent(moment) else { return nil }
    let operation = try LedgerOperation.updateStatusList(list.id, set: [11 as UInt32], network: network)
    return try unsigned([operation], by: agent.did, moment).signed(by: [agent.key]).bytes
  }

  private func noRegistrar(_ moment: Moment) throws -> [UInt8]? {
    guard let (_, agent, _) = idleAgent(moment) else { return nil }
    let key = dice.signingKey()
    return try unsigned([creation(key, dice.signingKey())], by: agent.did, moment).signed(by: [agent.key, key]).bytes
  }
}
