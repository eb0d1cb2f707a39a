import ArgumentParser
import CairnCrypto
import CairnNetwork
import CairnSigner
import CairnStore
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

struct SignerRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Sign a node's votes until told to stop (SIGTERM or SIGINT).",
    discussion: "Prints one line on standard output once it listens; logs go to standard error.")

  @Argument(help: "The directory that signer init made.", completion: .directory) var directory: String
  @Option(help: "unix:/PATH or host:port; over listen of the configuration.") var listen: String?
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var output: OutputOptions
  @Flag(help: .hidden) var stopAtEndOfInput = false

  private struct Ready: Encodable {
    let event = "ready"
    let address: String
    let network: String
    let consensusKey: String
    let signerKey: String
  }

  func run() async throws {
    // What is made here is for its owner alone, the socket from its first moment.
    umask(0o077)
    let files = SignerFiles(directory: directory)
    let settings = try SignerSettings(files, listen: listen)
    var logger = Logger(label: "cairn.signer") { label in LineLogHandler(label: label, level: settings.level, isJSON: settings.isJSON) }
    logger.logLevel = settings.level
    let (signer, identity) = try open(files, settings)
    let server: SignerServer
    do {
      server = try await SignerServer.start(
        signer, at: settings.address, access: SignerServer.Access(identity: identity, nodes: settings.nodes), logger: logger)
    } catch let error as SignerServerError {
      throw Self.failure(error)
    }
    output.print(
      Ready(
        address: server.address.description, network: signer.network.description, consensusKey: signer.publicKey.description,
        signerKey: identity.publicKey.description),
      text: "The signer of \(signer.publicKey) listens on \(server.address).")
    let services = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: SignerService(server: server), successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    if stopAtEndOfInput { EndOfInput.notify { Task { await services.triggerGracefulShutdown() } } }
    do { try await services.run() } catch let error as StoreError { throw SignerSentence.failure(error, directory) }
  }

  private func open(_ files: SignerFiles, _ settings: SignerSettings) throws -> (Signer, NodeIdentity) {
    let keys = try KeyFiles.load(files.keys)
    if let mode = Files.mode(of: files.keys), mode & 0o077 != 0 {
      throw CommandFailure.refused(
        "file_mode", "The key file \(files.keys) is open to others (mode \(String(mode, radix: 8))): run chmod 600 \(files.keys).")
    }
    let secret = try secret(files, settings)
    let decrypted = try KeyFiles.decrypt(keys, at: files.keys, passphrase: secret)
    let found = { (name: String) throws(CommandFailure) -> SigningKey in
      guard let key = decrypted.first(where: { $0.name == name })?.key else {
        throw .refused("unknown_key_name", "The key file \(files.keys) has no key named \(name): restore the one that signer init made.")
      }
      return key
    }
    let (consensus, own) = (try found(OperatorEntry.consensusKeyName), try found(SignerFiles.signerKeyName))
    do {
      guard let owner = try SignerDirectory(path: files.records).owner() else { throw StoreError.missing(path: files.records) }
      let store = try SignerStore(path: files.records, network: owner.network, key: consensus.publicKey)
      return (try Signer(network: owner.network, key: consensus, store: store), try NodeIdentity(own))
    } catch let error as StoreError {
      throw SignerSentence.failure(error, directory)
    }
  }

  /// The command line first, then what the settings name.
  private func secret(_ files: SignerFiles, _ settings: SignerSettings) throws(CommandFailure) -> [UInt8] {
    if passphrase.file == nil, passphrase.descriptor == nil, let file = settings.passphraseFile { return try Passphrase.read(file) }
    return try passphrase.existing(for: files.keys)
  }

  private static func failure(_ error: SignerServerError) -> CommandFailure {
    switch error {
    case .addressInUse(let address): .refused(error.reason, "Another process listens on \(address): stop it, or choose another address.")
    case .cannotListen(let address, let because): .refused(error.reason, "The signer cannot listen on \(address) (\(because)).")
    }
  }
}

/// A signer among a process' services.
private struct SignerService: Service {
  let server: SignerServer

  func run() async throws {
    let failure = await withGracefulShutdownHandler {
      await server.ended()
    } onGracefulShutdown: {
      server.end()
    }
    await server.shutdown()
    if let failure { throw failure }
  }
}
