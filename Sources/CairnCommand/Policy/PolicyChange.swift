import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger

/// Wallets whose keys sign beside the submitter's.
struct CosignerOptions: ParsableArguments {
  @Option(
    name: .customLong("cosigner"),
    help: ArgumentHelp(
      "Another wallet whose DIDs sign too, such as an owner's; several times for several. Its passphrase is the wallet's.",
      valueName: "wallet"),
    completion: .file(extensions: ["keys"]))
  var cosigners: [String] = []

  func open(passphrase: [UInt8]) throws(CommandFailure) -> [Wallet] {
    try cosigners.map { path throws(CommandFailure) in try Wallet.open(path, passphrase: passphrase, hashing: .standard) }
  }
}

extension CairnClient {
  /// The update keys of those DIDs that one of the wallets has.
  func keys(of dids: [CairnDID], in wallets: [Wallet]) async throws -> [SigningKey] {
    var keys: [SigningKey] = []
    for did in dids {
      guard let wallet = wallets.first(where: { $0.dids(network: network).contains(did) }) else { continue }
      keys += try wallet.updateKeys(of: try await current(did).record.control, did: did)
    }
    return keys
  }
}

/// A change to a contract that is final, for people and programs.
struct ShownContractChange: Encodable {
  let contract: String
  let version: UInt64?
  let hash: String?
  let transaction: String
  let height: UInt64
  let logIndex: UInt64

  init(_ id: ContractID, _ receipt: Receipt, version: ContractVersion? = nil) {
    (contract, self.version, hash) = (id.name, version?.version, version?.hash.description)
    (transaction, height, logIndex) = (receipt.transactionID.description, receipt.header.header.height, receipt.index)
  }
}

struct PolicyDeploy: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deploy", abstract: "Deploy a contract; the wallet's DID must be an author.",
    discussion: ContractFolder.explanation + """
      \n
      As many owners as --threshold says must sign: the author's wallet signs, and each --cosigner. Without --owner the author owns it alone.
      """)

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The contract's name: lowercase letters, digits and hyphens; one for the whole network.") var name: ContractArgument
  @Argument(help: "The contract's folder.", completion: .directory) var folder: String
  @Option(name: .customLong("owner"), help: "A DID that owns the contract; several times for several.") var owners: [String] = []
  @Option(help: "How many owners must approve a version, or the end.") var threshold: UInt32 = 1
  @OptionGroup var cosigners: CosignerOptions
  @Option(help: "The author, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let folder = try ContractFolder.read(folder)
    let owners = try DIDArgument.parse(owners)
    let own = try wallet.open()
    let others = try cosigners.open(passphrase: own.passphrase)
    let change = try await withClient(client) { client in
      let author = try await client.signatory(own, did)
      let version = try folder.version(
        name.id, owners: owners.isEmpty ? [author.did] : owners, threshold: threshold, network: client.network)
      let keys = try await client.keys(of: version.owners, in: [own] + others)
      return ShownContractChange(name.id, try await client.deploy(version, keys: keys, by: author), version: version)
    }
    output.print(change, text: "Deployed \(change.contract), version 1 with the hash \(change.hash ?? ""), at height \(change.height).")
  }
}

struct PolicyUpgrade: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade", abstract: "Put the next version of a contract into force; the wallet's DID must be an author.",
    discussion: """
      The owners of the version in force sign, and those of the next: the author's wallet, and each --cosigner. Owners and threshold stay \
      unless they are given. A version that drops or changes a forbid policy, or whose schema lets one see less, needs a guardian too. A \
      frozen contract stays frozen.
      """)

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The contract's name.") var name: ContractArgument
  @Argument(help: "The folder of the next version.", completion: .directory) var folder: String
  @Option(name: .customLong("owner"), help: "A DID that owns the contract from now on; several times for several.")
  var owners: [String] = []
  @Option(help: "How many owners must approve a version, or the end.") var threshold: UInt32?
  @Option(help: "The wallet of a guardian, who signs too; its passphrase is the wallet's.", completion: .file(extensions: ["keys"]))
  var guardian: String?
  @OptionGroup var cosigners: CosignerOptions
  @Option(help: "The author, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let folder = try ContractFolder.read(folder)
    let owners = try DIDArgument.parse(owners)
    let own = try wallet.open()
    let others = try cosigners.open(passphrase: own.passphrase)
    let guardian = try guardian.map { path in try Wallet.open(path, passphrase: own.passphrase, hashing: .standard) }
    let change = try await withClient(client) { client in
      let author = try await client.signatory(own, did)
      let current = try await client.contract(name.id).contract.newest
      let version = try folder.version(
        name.id, after: current, owners: owners.isEmpty ? current.owners : owners, threshold: threshold ?? current.threshold,
        network: client.network)
      let keys = try await client.keys(of: Array(Set(current.owners + version.owners)), in: [own] + others)
      let second = try await guardian.asyncMap { try await client.signatory($0, nil) }
      return ShownContractChange(
        name.id, try await client.upgrade(to: version, guardian: second, keys: keys, by: author), version: version)
    }
    output.print(
      change,
      text: "Upgraded \(change.contract) to version \(change.version ?? 0) with the hash \(change.hash ?? ""), at height \(change.height).")
  }
}

struct PolicyFreeze: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze", abstract: "Stop a contract at once: every request is denied. The wallet's DID must be a guardian.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The contract's name.") var name: ContractArgument
  @Option(help: "The guardian, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let own = try wallet.open()
    let change = try await withClient(client) { client in
      ShownContractChange(name.id, try await client.freeze(name.id, by: try await client.signatory(own, did)))
    }
    output.print(change, text: "Froze \(change.contract) at height \(change.height).")
  }
}

struct PolicyUnfreeze: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unfreeze", abstract: "Let a frozen contract decide again, exactly as it stands: two guardians sign.",
    discussion: "Look at the contract first with policy show; --hash makes sure that it is the version that you have looked at.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The contract's name.") var name: ContractArgument
  @Argument(help: "The wallet of the second guardian; its passphrase is the wallet's.", completion: .file(extensions: ["keys"]))
  var second: String
  @Option(help: "Of the version that shall decide again.") var hash: String?
  @Option(help: "The guardian, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let own = try wallet.open()
    let other = try Wallet.open(second, passphrase: own.passphrase, hashing: .standard)
    let change = try await withClient(client) { client in
      let record = try await client.contract(name.id).contract.newest
      try requireSame(hash, record)
      let (guardian, second) = (try await client.signatory(own, did), try await client.signatory(other, nil))
      return ShownContractChange(name.id, try await client.unfreeze(record, with: second, by: guardian))
    }
    output.print(change, text: "Unfroze \(change.contract) at height \(change.height).")
  }
}

struct PolicyAttest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attest", abstract: "Vouch for the version in force, for 30 days; the wallet's DID must be an auditor.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The contract's name.") var name: ContractArgument
  @Option(help: "Of the version that you have looked at, as policy show says.") var hash: String
  @Option(help: "What you have found, at most \(ContractAttest.statementByteLimit) bytes; everybody can read it for ever.")
  var statement = ""
  @Option(help: "The auditor, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    guard let hash = Digest(hex: hash) else {
      throw CommandFailure.usage("invalid_hash", "--hash is 64 hexadecimal digits: copy it from policy show.")
    }
    let own = try wallet.open()
    let change = try await withClient(client) { client in
      let auditor = try await client.signatory(own, did)
      return ShownContractChange(name.id, try await client.attest(name.id, hash: hash, statement: statement, by: auditor))
    }
    output.print(change, text: "Attested \(change.contract) at height \(change.height).")
  }
}

struct PolicyRetire: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire", abstract: "End a contract for ever; as many owners sign as it asks for.")

  @OptionGroup var wallet: WalletOptions
  @Argument(help: "The contract's name.") var name: ContractArgument
  @OptionGroup var cosigners: CosignerOptions
  @Option(help: "Who answers for the transaction, when the wallet has keys of several DIDs.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let own = try wallet.open()
    let others = try cosigners.open(passphrase: own.passphrase)
    let change = try await withClient(client) { client in
      let submitter = try await client.signatory(own, did)
      let record = try await client.contract(name.id).contract.newest
      let keys = try await client.keys(of: record.owners, in: [own] + others)
      return ShownContractChange(name.id, try await client.retire(name.id, keys: keys, by: submitter))
    }
    output.print(change, text: "Retired \(change.contract) at height \(change.height).")
  }
}

/// - Parameter hash: from the command line; `nil` when whatever is in force is meant.
private func requireSame(_ hash: String?, _ record: ContractRecord) throws(CommandFailure) {
  guard let hash, hash != record.hash.description else { return }
  throw .refused(
    "contract_hash_mismatch", "\(record.id) is at version \(record.version) with the hash \(record.hash): look at that one first.")
}
