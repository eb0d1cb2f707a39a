import CairnChain
import CairnCrypto
import CairnLedger

/// The nodes that this one has links to: the validators of the epoch, and those that may follow.
///
/// Each has a number that stays its own as long as this process runs, whatever its index in an epoch's set is. The validators of the genesis
/// have their indices.
struct PeerDirectory {
  /// By number, without this node.
  private(set) var peers: [Int: Validator] = [:]
  /// The number of each validator of the epoch, by index.
  private(set) var numbersByIndex: [Int] = []
  private var indices: [Int: Int] = [:]
  /// By node key, of everybody that was ever linked.
  private var numbers: [PublicKey: Int] = [:]
  private let nodeKey: PublicKey

  /// - Parameter nodeKey: this node's own.
  init(genesis: ValidatorSet, nodeKey: PublicKey) {
    self.nodeKey = nodeKey
    for validator in genesis.validators { _ = number(of: validator) }
  }

  mutating func update(validators: ValidatorSet, followers: [Validator]) {
    peers = [:]
    for node in followers + validators.validators where node.nodeKey != nodeKey { peers[number(of: node)] = node }
    numbersByIndex = validators.validators.map { number(of: $0) }
    indices = Dictionary(numbersByIndex.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
  }

  /// A peer's index in the epoch's set; `nil` when it only follows.
  func index(of number: Int) -> Int? { indices[number] }

  /// The number of a validator of the epoch.
  func number(ofIndex index: Int) -> Int? { numbersByIndex.indices.contains(index) ? numbersByIndex[index] : nil }

  /// Whom to ask for blocks: those that agree on them.
  var sources: [Int] { numbersByIndex.filter { peers[$0] != nil }.sorted() }

  private mutating func number(of node: Validator) -> Int {
    if let number = numbers[node.nodeKey] { return number }
    let number = numbers.count
    numbers[node.nodeKey] = number
    return number
  }
}

extension LedgerState {
  /// Earlier sets whose validators may follow.
  private static let rememberedEpochs: UInt64 = 8
  /// Nodes that follow: twice the largest set.
  private static let followerLimit = 2 * ValidatorSet.countLimit

  /// Who may follow without voting: the validators of the last epochs, so that who leaves goes on serving; and nodes that an open proposal
  /// would make validators, so that they have caught up by the time they are needed.
  func followers() throws(LedgerFault) -> [Validator] {
    var followers: [Validator] = []
    var keys = Set(validators.validators.map(\.nodeKey))
    func insert(_ nodes: [Validator]) {
      for node in nodes where followers.count < Self.followerLimit && keys.insert(node.nodeKey).inserted { followers.append(node) }
    }
    insert(try proposedValidators())
    for earlier in 1...Self.rememberedEpochs where earlier <= epoch {
      insert(try validators(ofEpoch: epoch - earlier)?.validators ?? [])
    }
    return followers
  }

  private func proposedValidators() throws(LedgerFault) -> [Validator] {
    let key = GovernanceRecord.stateKey
    guard let bytes = try record(forKey: key), let index = try? GovernanceRecord(decoding: bytes) else { throw .wrongRecord(key: key) }
    var nodes: [Validator] = []
    for open in index.open where open.expiresMilliseconds > timeMilliseconds {
      guard let bytes = try record(forKey: open.id.stateKey), let proposal = try? ProposalRecord(decoding: bytes) else {
        throw .wrongRecord(key: open.id.stateKey)
      }
      switch proposal.action {
      case .changeValidators(.add(let validator)), .changeValidators(.replace(_, let validator)): nodes.append(validator)
      default: break
      }
    }
    return nodes
  }
}
