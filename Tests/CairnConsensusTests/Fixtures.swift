import CairnChain
import CairnCrypto

@testable import CairnConsensus

/// Networks, blocks, votes and certificates for tests. Signatures are placeholders: the engine never looks at them.
struct Fixture: Sendable {
  static let genesisTime: UInt64 = 1_700_000_000_000
  static let network = Digest.sha256(Array("test network".utf8))
  static let badTransaction: [UInt8] = Array("invalid".utf8)

  let validators: ValidatorSet
  let genesis: Header
  /// Who signs no certificate of the fixture's: a certificate with a signature of ours that is not on record ends our voting.
  var absentee: Int?

  private static let known: [Int: Fixture] = Dictionary(uniqueKeysWithValues: [1, 4, 7, 10].map { ($0, Fixture(count: $0)) })

  static func of(_ count: Int) -> Fixture { known[count] ?? Fixture(count: count) }

  private init(count: Int) {
    let validators = (0..<count).map { index in
      let keys = [UInt8(1), 2].compactMap { SigningKey(seed: [UInt8](repeating: UInt8(index), count: 31) + [$0])?.publicKey }
      return Validator(
        name: "node-\(index)", consensusKey: keys[0], nodeKey: keys[1], peerAddress: "host-\(index):1", clientAddress: "host-\(index):2")
    }
    guard let set = try? ValidatorSet(validators) else { preconditionFailure("a valid set") }
    self.validators = set
    genesis = Header(
      .init(
        network: Self.network, epoch: 0, view: 0, height: 0, timeMilliseconds: Self.genesisTime, parent: .zero, logSize: 0, logRoot: .zero,
        stateRoot: .zero, validatorsHash: set.hash, proposer: 0))
  }

  func configuration(_ index: Int?) -> Engine.Configuration {
    Engine.Configuration(network: Self.network, epoch: 0, validators: validators, validatorIndex: index, genesis: genesis)
  }

  var schedule: LeaderSchedule { LeaderSchedule(genesis: genesis.digest, epoch: 0, validatorCount: validators.count) }

  /// A block as the fake executor wants it: its log root is a hash of the parent's and the transactions.
  func block(
    on parent: Header, view: UInt64, transactions: [[UInt8]] = [], time: UInt64? = nil, change: (inout Header.Fields) -> Void = { _ in }
  ) -> Block {
    var fields = Header.Fields(
      network: Self.network, epoch: 0, view: view, height: parent.height + 1, timeMilliseconds: time ?? parent.timeMilliseconds + 1,
      parent: parent.digest, logSize: parent.logSize + UInt64(transactions.count) + 1, logRoot: Self.root(parent.logRoot, transactions),
      stateRoot: .zero, validatorsHash: validators.hash, proposer: UInt32(schedule.leader(of: view)))
    change(&fields)
    return Block(header: Header(fields), transactions: transactions)
  }

  static func root(_ parent: Digest, _ transactions: [[UInt8]]) -> Digest {
    .sha256(parent.bytes + transactions.flatMap { $0 + [0] })
  }

  /// What the fake executor says.
  static func verdict(_ block: Block, parentRoot: Digest) -> ExecutionVerdict {
    if block.transactions.contains(badTransaction) { return .invalid(reason: "transaction") }
    return block.header.logRoot == root(parentRoot, block.transactions) ? .valid : .invalid(reason: "log_root")
  }

  static func vote(_ statement: Statement, by validator: Int) -> Verified<Vote> {
    guard let signature = Signature([UInt8](repeating: UInt8(truncatingIfNeeded: validator), count: 64)) else {
      preconditionFailure("64 bytes")
    }
    return .recovered(Vote(statement: statement, validator: validator, signature: signature))
  }

  /// - Parameter signers: the first quorum without the absentee when not given.
  func certificate(_ statement: Statement, signers: [Int]? = nil) -> Verified<Certificate> {
    let votes = (signers ?? Array((0..<validators.count).filter { $0 != absentee }.prefix(validators.quorum))).map {
      Self.vote(statement, by: $0)
    }
    guard let certificate = Verified<Certificate>.assembled(from: votes, quorum: votes.count) else { preconditionFailure("votes") }
    return certificate
  }

  func proposal(
    _ block: Block, parent: Verified<Certificate>? = nil, skips: [Verified<Certificate>] = [], by validator: Int? = nil
  ) -> Verified<Proposal> {
    let statement = Statement.notarize(epoch: 0, view: block.header.view, digest: block.digest)
    let vote = Self.vote(statement, by: validator ?? schedule.leader(of: block.header.view))
    return .own(Proposal(block: block, vote: vote.value, parent: parent?.value, skips: skips.map(\.value)))
  }
}

/// SplitMix64: the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

extension Statement {
  static func notarize(_ block: Block) -> Statement { .notarize(epoch: 0, view: block.header.view, digest: block.digest) }
  static func finalize(_ block: Block) -> Statement { .finalize(epoch: 0, view: block.header.view, digest: block.digest) }
  static func nullify(_ view: UInt64) -> Statement { .nullify(epoch: 0, view: view) }
}
