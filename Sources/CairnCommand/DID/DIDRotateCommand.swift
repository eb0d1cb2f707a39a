import ArgumentParser
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger

struct DIDRotateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Replace the control keys of a DID: reveal the next one, and commit to a new next.",
    discussion: """
      The new key is in the wallet before anything is submitted; after an interruption run the command again. With --all every DID of \
      the wallet is rotated under the control of the submitter's DID, many in one transaction.
      """)

  @OptionGroup var wallet: WalletOptions
  @Option(help: "The DID, when the wallet has keys of several.") var did: String?
  @Flag(help: "All DIDs of the wallet; the submitter is their controller.") var all = false
  @OptionGroup var submitter: SubmitterOptions
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func validate() throws { try submitter.validate(all: all, did: did) }

  func run() async throws {
    var own = try wallet.open()
    let other = try submitter.open(passphrase: own.passphrase)
    if all, let other {
      let report = try await withClient(client) { client in
        try await ControlledFleet(client: client, controller: try await client.signatory(other)).rotate(&own)
      }
      if let failure = report.print("Rotated the keys of", wallet: nil, output) { throw failure }
      return
    }
    let change = try await withClient(client) { client in
      let did = try own.did(did, network: client.network)
      let control = try await client.current(did).record.control
      let revealed = try own.nextKeys(of: control, did: did)
      let spare = own.spareKey(of: did, control: control)
      try own.save()
      let by = try await other.asyncMap { try await client.signatory($0) }
      // Without a submitter the DID itself answers for the transaction, with its keys from before.
      let keys = revealed + (by == nil ? try own.updateKeys(of: control, did: did) : [])
      return ShownChange(
        did, try await client.rotate(did, to: try Self.successor(of: control, revealed: revealed, next: spare), keys: keys, by: by))
    }
    output.print(change, text: "Rotated the keys of \(change.did) at height \(change.height).")
  }

  /// The revealed keys control, the spare one is next; recovery and controller stay.
  static func successor(of control: Control, revealed: [SigningKey], next: SigningKey) throws(CommandFailure) -> Control {
    do {
      return try Control(
        update: revealed.map { WeightedKey($0.publicKey) }, updateThreshold: UInt32(clamping: revealed.count),
        next: [WeightedDigest(Control.nextDigest(of: next.publicKey))], recovery: control.recovery,
        recoveryThreshold: control.recoveryThreshold, controller: control.controller)
    } catch {
      throw .refused(error.reason, "These keys cannot control a DID (\(error.reason)).")
    }
  }
}

struct DIDDeactivateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deactivate", abstract: "End a DID for ever.",
    discussion: """
      With --as-controller the wallet is that of the DID's controller, and --did names any DID that it controls. With --all every DID \
      of the wallet ends under the control of the submitter's DID, many in one transaction.
      """)

  @OptionGroup var wallet: WalletOptions
  @Option(help: "The DID, when the wallet has keys of several.") var did: String?
  @Flag(help: "The wallet is that of the DID's controller.") var asController = false
  @Flag(help: "All DIDs of the wallet; the submitter is their controller.") var all = false
  @OptionGroup var submitter: SubmitterOptions
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if asController, did == nil { throw ValidationError("--as-controller needs --did.") }
    if all, asController { throw ValidationError("--all and --as-controller exclude each other.") }
    try submitter.validate(all: all, did: did)
  }

  func run() async throws {
    let own = try wallet.open()
    let other = try submitter.open(passphrase: own.passphrase)
    if all, let other {
      let report = try await withClient(client) { client in
        try await ControlledFleet(client: client, controller: try await client.signatory(other)).deactivate(own)
      }
      if let failure = report.print("Deactivated", wallet: nil, output) { throw failure }
      return
    }
    let change = try await withClient(client) { client in
      let by = try await other.asyncMap { try await client.signatory($0) }
      return asController ? try await deactivateControlled(client, own, by) : try await deactivate(client, own, by)
    }
    output.print(change, text: "Deactivated \(change.did) for ever, at height \(change.height).")
  }

  private func deactivate(_ client: CairnClient, _ own: Wallet, _ by: Signatory?) async throws -> ShownChange {
    let did = try own.did(did, network: client.network)
    let keys = try own.updateKeys(of: try await client.current(did).record.control, did: did)
    return ShownChange(did, try await client.deactivate(did, keys: keys, by: by))
  }

  private func deactivateControlled(_ client: CairnClient, _ own: Wallet, _ by: Signatory?) async throws -> ShownChange {
    let did = try DIDArgument.parse(did ?? "")
    let controller = try await client.signatory(own)
    return ShownChange(did, try await client.deactivate(did, authority: .controller, keys: controller.keys, by: by ?? controller))
  }
}

enum DIDArgument {
  static func parse(_ text: String) throws(CommandFailure) -> CairnDID {
    do { return try CairnDID(parsing: text) } catch {
      throw .usage("invalid_did", "\(text) is not a DID of this ledger (\(error.reason)): it is did:cairn:NETWORK:IDENTIFIER.")
    }
  }

  static func parse(_ texts: [String]) throws(CommandFailure) -> [CairnDID] {
    try texts.map { text throws(CommandFailure) in try parse(text) }
  }
}
