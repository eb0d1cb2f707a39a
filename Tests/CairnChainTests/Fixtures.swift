import CairnChain
import CairnCrypto
import CairnMessages
import Foundation

/// Validators and their keys.
struct Committee {
  let keys: [SigningKey]
  let set: ValidatorSet

  /// - Parameter offset: other offsets have other keys.
  init(count: Int, offset: Int = 0) throws {
    keys = (0..<count).map { testKey($0 + offset + 1) }
    set = try ValidatorSet((0..<count).map { testValidator($0, offset: offset) })
  }

  func vote(_ statement: Statement, by validator: Int, network: Digest = testNetwork) -> Verified<Vote> {
    .signed(statement, network: network, validator: validator, key: keys[validator])
  }

  /// Whatever the signers sign, even below a quorum.
  func message(_ statement: Statement, signers: [Int], network: Digest = testNetwork) -> ProtoCertificate {
    var message = ProtoCertificate()
    message.kind = ProtoStatementKind(rawValue: Int(statement.kind.rawValue)) ?? .unspecified
    message.epoch = statement.epoch
    message.view = statement.view
    message.digest = Data(statement.digest?.bytes ?? [])
    var bitmap = [UInt8](repeating: 0, count: (set.count + 7) / 8)
    for signer in signers { bitmap[signer / 8] |= 1 << UInt8(signer % 8) }
    message.signers = Data(bitmap)
    message.signatures = Data(signers.flatMap { vote(statement, by: $0, network: network).value.signature.bytes })
    return message
  }

  /// Signed by the first quorum.
  func message(_ statement: Statement) -> ProtoCertificate { message(statement, signers: Array(0..<set.quorum)) }

  func certificate(_ statement: Statement) throws -> Certificate {
    try Certificate(message(statement), validatorCount: set.count)
  }

  func verifier(epoch: UInt64, scheme: any SignatureScheme = Ed25519()) -> ConsensusVerifier {
    ConsensusVerifier(network: testNetwork, epoch: epoch, validators: set, scheme: scheme)
  }
}

let testNetwork = testDigest("network")

func testDigest(_ name: String) -> Digest { .sha256(Array(name.utf8)) }

/// The key whose seed is 32 times the byte.
func testKey(_ seedByte: Int) -> SigningKey {
  guard let key = SigningKey(seed: [UInt8](repeating: UInt8(seedByte), count: 32)) else { preconditionFailure("a seed has 32 bytes") }
  return key
}

func testValidator(_ index: Int, offset: Int = 0) -> Validator {
  Validator(
    name: "node-\(index)", consensusKey: testKey(index + offset + 1).publicKey, nodeKey: testKey(index + offset + 101).publicKey,
    peerAddress: "10.0.0.\(index + 1):4001", clientAddress: "10.0.0.\(index + 1):4002")
}

func testSignature(_ byte: UInt8) -> Signature {
  guard let signature = Signature([UInt8](repeating: byte, count: 64)) else { preconditionFailure("a signature has 64 bytes") }
  return signature
}

/// The header whose bytes and digest are among the golden vectors.
func goldenFields() throws -> Header.Fields {
  Header.Fields(
    network: testNetwork, epoch: 2, view: 300, height: 129, timeMilliseconds: 1_767_225_600_000, parent: testDigest("parent"),
    logSize: 70_000, logRoot: testDigest("log"), stateRoot: testDigest("state"), validatorsHash: try Committee(count: 4).set.hash,
    proposer: 3, nextValidatorsHash: testDigest("next"))
}

/// SplitMix64: the same seed gives the same sequence everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}
