public import CairnChain
public import CairnClient
public import CairnCrypto
public import CairnIdentity
public import CairnLedger

/// The keys and the genesis of a throw-away network: validators that listen on loopback, and one identity that may do everything.
public struct TestNetwork: Sendable {
  public struct ValidatorKeys: Sendable {
    public let name: String
    public let consensusKey: SigningKey
    public let nodeKey: SigningKey
  }

  public let genesis: Genesis
  /// In the order of the genesis.
  public let validators: [ValidatorKeys]
  /// Trustee, registrar, issuer, author, guardian and operator in one: its update key, and the key that the next rotation reveals.
  public let registrar: Signatory
  public let registrarNextKey: SigningKey
  /// Those that govern, the registrar first.
  public let trustees: [Signatory]
  /// The validators' own identities, in the order of the genesis: guardians and auditors, the registrar among them.
  public let operators: [Signatory]

  /// - Parameters:
  ///   - count: 1...31.
  ///   - timeMilliseconds: Unix time of the genesis.
  ///   - trustees: 1 to `count`: the registrar, and the identities of the validators after the first.
  ///   - address: where the validator at an index says that it listens: for peers, and for clients.
  public init(
    validators count: Int, name: String = "test", timeMilliseconds: UInt64, parameters: Parameters = Parameters(),
    trustees trusteeCount: Int = 1, address: (Int) -> (peers: HostAndPort, clients: HostAndPort)
  ) throws {
    let keys = (0..<count).map { index in
      ValidatorKeys(name: "node-\(index + 1)", consensusKey: .generate(), nodeKey: .generate())
    }
    let registrarKey = SigningKey.generate()
    let nextKey = SigningKey.generate()
    let template = try GenesisTemplate(name: name, timeMilliseconds: timeMilliseconds, parameters: parameters)
    var entries: [SignedGenesisEntry] = []
    var trusteeKeys: [(create: DIDCreate, key: SigningKey)] = []
    var operatorKeys: [String: SigningKey] = [:]
    for (index, validator) in keys.enumerated() {
      let (peers, clients) = address(index)
      let identityKeys = index == 0 ? (registrarKey, nextKey) : (SigningKey.generate(), SigningKey.generate())
      operatorKeys[validator.name] = identityKeys.0
      let entry = try GenesisEntry(
        validator: Validator(
          name: validator.name, consensusKey: validator.consensusKey.publicKey, nodeKey: validator.nodeKey.publicKey,
          peerAddress: peers.description, clientAddress: clients.description),
        control: try Control(update: identityKeys.0.publicKey, next: identityKeys.1.publicKey),
        document: .signing(with: identityKeys.0.publicKey), salt: randomBytes(16),
        roles: index == 0
          ? Roles([.trustee, .operator, .registrar, .issuer, .author, .guardian])
          : Roles(index < trusteeCount ? [.trustee, .operator, .auditor, .guardian] : [.operator, .auditor, .guardian]))
      if index < trusteeCount { trusteeKeys.append((entry.identity, identityKeys.0)) }
      entries.append(
        entry.signed(for: template, consensusKey: validator.consensusKey, nodeKey: validator.nodeKey, identityKeys: [identityKeys.0]))
    }
    let genesis = try template.seal(entries)
    guard let did = zip(genesis.dids, genesis.roles).first(where: { $0.1.contains(.registrar) })?.0 else {
      preconditionFailure("the genesis has the registrar that was put into it")
    }
    self.genesis = genesis
    validators = genesis.validators.validators.compactMap { validator in keys.first { $0.name == validator.name } }
    registrar = Signatory(did, keys: [registrarKey])
    registrarNextKey = nextKey
    trustees = trusteeKeys.compactMap { trustee in
      genesis.identities.first { $0.kind == .didCreate(trustee.create) }.flatMap { $0.did }.map { Signatory($0, keys: [trustee.key]) }
    }
    operators = zip(genesis.validators.validators, genesis.dids).map { validator, did in
      Signatory(did, keys: operatorKeys[validator.name].map { [$0] } ?? [])
    }
  }

  /// What clients start from.
  public var anchor: TrustAnchor {
    TrustAnchor(
      network: genesis.network, epoch: 0, height: 0, digest: GenesisBlock(genesis).header.digest, validators: genesis.validators)
  }
}

extension DIDDocument {
  /// A document with one Ed25519 key, for authentication and assertions.
  public static func signing(with key: PublicKey) -> DIDDocument {
    DIDDocument(
      verificationMethods: [.init(fragment: "key-1", multikey: Multikey(key).bytes, purposes: [.authentication, .assertionMethod])],
      services: [], alsoKnownAs: [], controllers: [])
  }
}
