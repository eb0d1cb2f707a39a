import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger

/// The keys and the genesis of a simulated network, all drawn from the seed.
struct World {
  struct Validator {
    let consensusKey: SigningKey
    let nodeKey: SigningKey
  }

  /// Of the genesis, in milliseconds of Unix time; the simulation begins a second later.
  static let genesisTime: UInt64 = 1_800_000_000_000

  let genesis: Genesis
  /// In the order of the genesis.
  let validators: [Validator]
  /// May do everything; its key, and the key that its next rotation reveals.
  let registrar: CairnDID
  let registrarKey: SigningKey
  let registrarNextKey: SigningKey
  /// Another trustee and guardian, where there are two validators.
  let deputy: (did: CairnDID, key: SigningKey)?

  init(nodes count: Int, heartbeatMilliseconds: UInt32, _ dice: Dice) throws {
    let keys = (0..<count).map { _ in Validator(consensusKey: dice.signingKey(), nodeKey: dice.signingKey()) }
    let (registrarKey, nextKey) = (dice.signingKey(), dice.signingKey())
    let template = try GenesisTemplate(
      name: "simulated", timeMilliseconds: Self.genesisTime, parameters: Parameters(heartbeatMilliseconds: heartbeatMilliseconds))
    var entries: [SignedGenesisEntry] = []
    var deputyKey: SigningKey?
    for (index, validator) in keys.enumerated() {
      let identityKeys = index == 0 ? (registrarKey, nextKey) : (dice.signingKey(), dice.signingKey())
      if index == 1 { deputyKey = identityKeys.0 }
      let address = "127.0.0.1:\(index + 1)"
      let entry = try GenesisEntry(
        validator: CairnChain.Validator(
          name: Self.name(index), consensusKey: validator.consensusKey.publicKey, nodeKey: validator.nodeKey.publicKey,
          peerAddress: address, clientAddress: address),
        control: try Control(update: identityKeys.0.publicKey, next: identityKeys.1.publicKey),
        document: .simulated(identityKeys.0.publicKey), salt: dice.bytes(16),
        roles: Roles(index == 0 ? Role.allCases : index == 1 ? [.trustee, .operator, .guardian] : [.operator]))
      entries.append(
        entry.signed(for: template, consensusKey: validator.consensusKey, nodeKey: validator.nodeKey, identityKeys: [identityKeys.0]))
    }
    let genesis = try template.seal(entries)
    guard let did = zip(genesis.dids, genesis.roles).first(where: { $0.1.contains(.registrar) })?.0 else {
      preconditionFailure("the genesis has the registrar that was put into it")
    }
    (self.genesis, validators, registrar) = (genesis, keys, did)
    (self.registrarKey, registrarNextKey) = (registrarKey, nextKey)
    deputy = deputyKey.flatMap { key in genesis.trustees.first { $0 != did }.map { (did: $0, key: key) } }
  }

  /// Names sort as their indices do, so that the genesis keeps their order.
  private static func name(_ index: Int) -> String { "node-\(index < 10 ? "0" : "")\(index)" }
}

extension DIDDocument {
  /// A document with one Ed25519 key.
  static func simulated(_ key: PublicKey) -> DIDDocument {
    DIDDocument(
      verificationMethods: [.init(fragment: "key-1", multikey: Multikey(key).bytes, purposes: [.authentication, .assertionMethod])],
      services: [], alsoKnownAs: [], controllers: [])
  }
}
