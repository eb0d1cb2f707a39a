import ArgumentParser
import CairnCrypto
import CairnIdentity
import CairnLedger

/// A key file with the keys of DIDs. What is on the ledger is asked from the ledger: the wallet has keys and nothing else, so
/// that the two cannot contradict each other.
struct Wallet {
  let path: String
  let passphrase: [UInt8]
  private let hashing: PassphraseHashing
  private(set) var keys: [(name: String, key: SigningKey)]
  /// Positions in ``keys``: a fleet's wallet has tens of thousands.
  private var positions: [PublicKey: Int] = [:]
  private var positionsByIdentifier: [String: [Int]] = [:]

  private init(path: String, passphrase: [UInt8], hashing: PassphraseHashing, keys: [(name: String, key: SigningKey)]) {
    (self.path, self.passphrase, self.hashing) = (path, passphrase, hashing)
    self.keys = []
    for (name, key) in keys { append(name, key) }
  }

  private mutating func append(_ name: String, _ key: SigningKey) {
    positions[key.publicKey] = keys.count
    if let identifier = WalletKeyName.identifier(of: name) { positionsByIdentifier[identifier, default: []].append(keys.count) }
    keys.append((name, key))
  }

  /// The keys that are named after a DID, in the order of the file.
  private func keys(of did: CairnDID) -> [(name: String, key: SigningKey)] {
    positionsByIdentifier[did.identifier, default: []].map { keys[$0] }
  }

  static func open(_ path: String, passphrase: [UInt8], hashing: PassphraseHashing) throws(CommandFailure) -> Wallet {
    let keys = try KeyFiles.decrypt(try KeyFiles.load(path), at: path, passphrase: passphrase)
    return Wallet(path: path, passphrase: passphrase, hashing: hashing, keys: keys)
  }

  /// A new wallet on disk, before anything is submitted: keys that the ledger knows must not get lost.
  static func create(
    _ path: String, _ identities: [NewIdentity], passphrase: [UInt8], hashing: PassphraseHashing
  ) throws(CommandFailure) {
    try create(path, keys: identities.flatMap(\.namedKeys), passphrase: passphrase, hashing: hashing)
  }

  static func create(
    _ path: String, keys: [(name: String, key: SigningKey)], passphrase: [UInt8], hashing: PassphraseHashing
  ) throws(CommandFailure) {
    try KeyFiles.create(path, try KeyFiles.encrypt(keys, passphrase: passphrase, hashing: hashing, for: path))
  }

  /// The DIDs whose keys are here, in the order of the file.
  func dids(network: Digest) -> [CairnDID] {
    var dids: [CairnDID] = []
    var seen: Set<String> = []
    for (name, _) in keys {
      guard let identifier = WalletKeyName.identifier(of: name), seen.insert(identifier).inserted,
        let did = try? CairnDID(parsing: "did:\(CairnDID.method):\(CairnDID.networkPrefix(of: network)):\(identifier)")
      else { continue }
      dids.append(did)
    }
    return dids
  }

  /// The one DID that is meant.
  ///
  /// - Parameter chosen: from the command line; `nil` when there is only one.
  func did(_ chosen: String?, network: Digest) throws(CommandFailure) -> CairnDID {
    let dids = dids(network: network)
    guard let chosen else {
      guard let only = dids.first else { throw .refused("empty_wallet", "The wallet \(path) has no keys of a DID: give another one.") }
      guard dids.count == 1 else {
        throw .usage("ambiguous_did", "The wallet \(path) has keys of \(dids.count) DIDs: name one with --did.")
      }
      return only
    }
    guard let did = dids.first(where: { $0.description == chosen }) else {
      throw .refused("unknown_did", "The wallet \(path) has no keys of \(chosen): give another wallet or DID.")
    }
    return did
  }

  func key(_ key: PublicKey) -> SigningKey? { positions[key].map { keys[$0].key } }

  /// What signs credentials and presentations in the DID's name: its key in the document, named `#key-1` there.
  func signer(_ did: CairnDID) throws(CommandFailure) -> CredentialSigner {
    guard let signer = try? CredentialSigner(did: did, fragment: WalletKeyName.documentFragment, key: try documentKey(did)) else {
      throw missingDocumentKey(did)
    }
    return signer
  }

  /// The same key itself.
  func documentKey(_ did: CairnDID) throws(CommandFailure) -> SigningKey {
    let name = WalletKeyName.document(did.identifier)
    guard let key = keys(of: did).last(where: { $0.name == name })?.key else { throw missingDocumentKey(did) }
    return key
  }

  private func missingDocumentKey(_ did: CairnDID) -> CommandFailure {
    .refused("keys_missing", "The wallet \(path) has no key #\(WalletKeyName.documentFragment) of \(did): give another wallet or DID.")
  }

  /// Enough of the update keys of a control state.
  func updateKeys(of control: Control, did: CairnDID) throws(CommandFailure) -> [SigningKey] {
    let own = control.update.filter { key($0.key) != nil }
    guard own.reduce(0, { $0 + UInt64($1.weight) }) >= UInt64(control.updateThreshold) else {
      throw .refused("keys_missing", "The wallet \(path) lacks the current keys of \(did): it is an older copy, or another's.")
    }
    return own.compactMap { key($0.key) }
  }

  /// The keys that the next rotation reveals.
  func nextKeys(of control: Control, did: CairnDID) throws(CommandFailure) -> [SigningKey] {
    let digests = control.next.map(\.digest)
    let own = keys(of: did).map(\.key).filter { digests.contains(Control.nextDigest(of: $0.publicKey)) }
    guard !own.isEmpty else {
      throw .refused("keys_missing", "The wallet \(path) lacks the next keys of \(did): it is an older copy, or another's.")
    }
    return own
  }

  /// A control key of a DID that the ledger does not know yet: one that an interrupted rotation left, or a new one.
  mutating func spareKey(of did: CairnDID, control: Control) -> SigningKey {
    let own = keys(of: did).filter { WalletKeyName.generation(of: $0.name) != nil }
    let generation = own.compactMap { WalletKeyName.generation(of: $0.name) }.max() ?? 0
    let digests = control.next.map(\.digest)
    if let newest = own.last?.key, !digests.contains(Control.nextDigest(of: newest.publicKey)),
      !control.update.contains(where: { $0.key == newest.publicKey })
    {
      return newest
    }
    let key = SigningKey.generate()
    append(WalletKeyName.control(did.identifier, generation: generation + 1), key)
    return key
  }

  /// Forgets the keys of DIDs that do not exist.
  mutating func remove(_ dids: Set<CairnDID>) {
    let identifiers = Set(dids.map(\.identifier))
    let kept = keys.filter { !(WalletKeyName.identifier(of: $0.name).map(identifiers.contains) ?? false) }
    self = Wallet(path: path, passphrase: passphrase, hashing: hashing, keys: kept)
  }

  func save() throws(CommandFailure) {
    try Files.replace(
      path, "key file", try KeyFiles.encrypt(keys, passphrase: passphrase, hashing: hashing, for: path).bytes, mode: KeyFiles.mode)
  }
}

/// A wallet from the command line.
struct WalletOptions: ParsableArguments {
  @Argument(help: "The wallet: a key file with the keys of the DID.", completion: .file(extensions: ["keys"])) var wallet: String
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var hashing: HashingOptions

  func open() throws(CommandFailure) -> Wallet {
    try Wallet.open(wallet, passphrase: try passphrase.existing(for: wallet), hashing: hashing.hashing)
  }
}

/// Who answers for a transaction.
struct SubmitterOptions: ParsableArguments {
  @Option(
    name: [.customLong("submitter"), .customLong("registrar")],
    help: "The wallet of the DID that answers for the transaction; to create DIDs it must be a registrar's.",
    completion: .file(extensions: ["keys"]))
  var submitter: String?

  @Option(
    name: .customLong("submitter-passphrase-file"), help: "Its passphrase, when it is not the one of the wallet.", completion: .file())
  var submitterPassphraseFile: String?

  func validate(all: Bool, did: String?) throws {
    guard all else { return }
    if did != nil { throw ValidationError("--all and --did exclude each other.") }
    if submitter == nil { throw ValidationError("--all needs --submitter WALLET: that of the DIDs' controller.") }
  }

  /// - Parameter passphrase: of the command's own wallet.
  func open(passphrase: [UInt8]) throws(CommandFailure) -> Wallet? {
    guard let submitter else { return nil }
    let own = try submitterPassphraseFile.map { path throws(CommandFailure) in try Passphrase.read(path) }
    return try Wallet.open(submitter, passphrase: own ?? passphrase, hashing: .standard)
  }
}
