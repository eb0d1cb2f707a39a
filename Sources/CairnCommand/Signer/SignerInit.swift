import ArgumentParser
import CairnChain
import CairnCrypto
import CairnLedger
import CairnSigner
import CairnStore
import Foundation

struct SignerInit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Move a stopped node's consensus key, and the record of what it signed, into a signer's directory.",
    discussion: """
      The record is copied and the node's data directory marked before the signer can run, and the key leaves the node's key file last: at no \
      moment can both sign. Interrupted, it is run again. Keep a copy of the signer's key file offline; never of its record.
      """)

  @Argument(help: "The directory to make.", completion: .directory) var directory: String
  @OptionGroup var node: NodeOptions
  @Option(help: "Where the signer is to listen: unix:/PATH or host:port. The default is signer.sock in its directory.") var listen: String?
  @Flag(help: "The key has never signed a vote: there is no data directory to take its record from.") var neverVoted = false
  @Option(help: "File with the passphrase of the signer's key file; the default is that of the node's.", completion: .file())
  var signerPassphraseFile: String?
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var hashing: HashingOptions
  @OptionGroup var output: OutputOptions

  private struct Made: Encodable {
    let directory: String
    let address: String
    let consensusKey: String
    let signerKey: String
    /// Votes of the node that are on the signer's record.
    let votes: Int
    /// `epoch:view`; nothing is signed at or below it.
    let floor: String
  }

  func run() throws {
    let settings = try node.settings()
    let genesis = try GenesisFiles.readGenesis(settings.text(.genesis))
    let path = settings.text(.keys)
    let file = try KeyFiles.load(path)
    let secret = try passphrase.node(settings, for: path)
    let keys = try KeyFiles.decrypt(file, at: path, passphrase: secret)
    guard let nodeKey = keys.first(where: { $0.name == OperatorEntry.nodeKeyName })?.key else {
      throw CommandFailure.refused("unknown_key_name", "The key file \(path) has no key named node: it is not a node's.")
    }
    guard let consensus = keys.first(where: { $0.name == OperatorEntry.consensusKeyName })?.key else {
      throw CommandFailure.refused("unknown_key_name", "The key file \(path) has no consensus key: it was moved into a signer already.")
    }
    let absolute = directory.hasPrefix("/") ? directory : FileManager.default.currentDirectoryPath + "/" + directory
    let files = SignerFiles(directory: absolute)
    let listenText = listen ?? "unix:\(absolute)/signer.sock"
    guard let address = SignerAddress(listenText) else {
      throw CommandFailure.refused(
        "bad_value", "The signer cannot listen on \(listenText): give unix: and an absolute path of at most 103 bytes, or host:port.")
    }
    let name = genesis.validators.validators.first { $0.consensusKey == consensus.publicKey }?.name ?? settings[.name]?.text ?? "node"
    let source = try source(consensus.publicKey, genesis.network, settings.text(.data), files)
    let own = try signerKey(files, consensus, nodeKey, settings, address, secret, name)
    let record = try move(source, consensus.publicKey, genesis.network, settings.text(.data), files)
    // Last, so that whatever is interrupted can be run again.
    let rest = keys.filter { $0.name != OperatorEntry.consensusKeyName }
    let left = try KeyFiles.encrypt(rest, passphrase: secret, hashing: hashing.hashing, for: path)
    try Files.replace(path, "key file", left.bytes, mode: KeyFiles.mode)
    show(record, consensus.publicKey, own, address)
  }

  /// Makes the key file and the configuration; those of an interrupted run are taken as they are.
  ///
  /// - Returns: the key that the signer shows over TLS.
  private func signerKey(
    _ files: SignerFiles, _ consensus: SigningKey, _ nodeKey: SigningKey, _ settings: NodeSettings, _ address: SignerAddress,
    _ nodeSecret: [UInt8], _ name: String
  ) throws(CommandFailure) -> PublicKey {
    try Files.makeDirectory(files.directory)
    if !Files.exists(files.keys) {
      let secret = if let signerPassphraseFile { try Passphrase.read(signerPassphraseFile) } else { nodeSecret }
      let keys = [(name: OperatorEntry.consensusKeyName, key: consensus), (name: SignerFiles.signerKeyName, key: SigningKey.generate())]
      let made = try KeyFiles.encrypt(keys, passphrase: secret, hashing: hashing.hashing, for: files.keys)
      try Files.replace(files.keys, "key file", made.bytes, mode: KeyFiles.mode)
    }
    let made = try KeyFiles.load(files.keys)
    guard let own = made.entries.first(where: { $0.name == SignerFiles.signerKeyName })?.publicKey,
      made.entries.contains(where: { $0.name == OperatorEntry.consensusKeyName && $0.publicKey == consensus.publicKey })
    else {
      throw .refused("file_exists", "\(files.keys) is there and holds other keys: choose another directory.")
    }
    let passphraseFile = signerPassphraseFile ?? passphrase.file ?? settings[.passphraseFile]?.text
    let text = SignerSettings.text(
      listen: address, node: name, nodeKey: nodeKey.publicKey,
      passphraseFile: passphraseFile.map { $0.hasPrefix("/") ? $0 : FileManager.default.currentDirectoryPath + "/" + $0 })
    try Files.replace(files.configuration, "signer's configuration", Array(text.utf8), mode: 0o600)
    return own
  }

  /// Where the record comes from.
  private enum Source {
    /// An interrupted run has moved it.
    case moved
    case nothing
    /// Nobody can run the node as long as this is held.
    case node(NodeSafetyRecords)
  }

  private func source(
    _ key: PublicKey, _ network: Digest, _ data: String, _ files: SignerFiles
  ) throws(CommandFailure) -> Source {
    do {
      if let owner = try SignerDirectory(path: files.records).owner(), owner.key == key, owner.network == network { return .moved }
      if neverVoted, !Files.exists(data) { return .nothing }
      return .node(try NodeSafetyRecords(path: data, network: network))
    } catch {
      throw Self.failure(error, data, files.directory)
    }
  }

  private func move(
    _ source: Source, _ key: PublicKey, _ network: Digest, _ data: String, _ files: SignerFiles
  ) throws(CommandFailure) -> SignedRecord {
    do {
      switch source {
      case .moved: return SignedRecord()
      case .nothing:
        try SignerStore.create(path: files.records, network: network, key: key, importing: SignedRecord())
        return SignedRecord()
      case .node(let node):
        try node.markSignedElsewhere(by: key)
        try SignerStore.create(path: files.records, network: network, key: key, importing: node.record)
        return node.record
      }
    } catch {
      throw Self.failure(error, data, files.directory)
    }
  }

  private static func failure(_ error: StoreError, _ data: String, _ directory: String) -> CommandFailure {
    switch error {
    case .missing:
      .refused(
        "no_record",
        "There is no data directory \(data) to take the record of earlier votes from: give the node's configuration, or --never-voted for a key that has never signed one."
      )
    case .locked: .refused(error.reason, "The node runs: stop it first, for a record that is copied has to be complete.")
    case .safetyDamaged(let damage):
      .refused(
        damage.reason,
        "The node's own record of its votes cannot be relied on (\(damage.reason)): replace the validator's key by governance (rekey-validator) instead of moving it."
      )
    default: SignerSentence.failure(error, directory)
    }
  }

  private func show(_ record: SignedRecord, _ key: PublicKey, _ own: PublicKey, _ address: SignerAddress) {
    var lines = ["signer:", "  address: \(address)", "  consensus_key: \(key)"]
    if case .tls = address { lines.append("  key: \(own)") }
    output.print(
      Made(
        directory: directory, address: address.description, consensusKey: key.description, signerKey: own.description,
        votes: record.votes.count, floor: "\(record.floor.epoch):\(record.floor.view)"),
      text: """
        The consensus key and the record of \(record.votes.count) votes are in \(directory); the node's key file no longer has the key.
        Add this to the node's configuration, run cairn signer run \(directory), and start the node:

        \(lines.joined(separator: "\n"))
        """)
  }
}
