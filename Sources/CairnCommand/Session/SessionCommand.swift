import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

struct SessionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "session", abstract: "Make, show, verify and end short-lived DIDs, thousands for one entry in the log.",
    discussion: """
      The ledger has one row for a whole batch: the root of a tree over the DIDs, when they expire, and a bit for each that ends it \
      earlier. Whoever uses such a DID shows how it is part of its batch: a session file.
      """,
    subcommands: [SessionCreate.self, SessionPresent.self, SessionVerify.self, SessionRevoke.self])
}

struct SessionCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Anchor a batch of sessions under the control of the wallet's DID.",
    discussion: """
      Two files are made before anything is submitted: a wallet with the key of each session, and the batch, which cairn session present \
      needs. A registrar submits: the wallet's DID itself, or that of --submitter.
      """)

  @OptionGroup var wallet: WalletOptions
  @Option(help: "The controller, when the wallet has keys of several DIDs.") var did: String?
  @Option(help: "How many sessions.") var count = 1
  @Option(help: "For how long, at most 31d.") var validFor = DurationArgument.hours(8)
  @Option(name: .customLong("revoker"), help: "A DID that may end sessions, too; several times for several.") var revokers: [String] = []
  @Option(help: "The wallet to make.", completion: .file(extensions: ["keys"])) var walletOut: String
  @Option(help: "The batch file to make; otherwise that of --wallet-out with .batch at its end.", completion: .file()) var batchOut: String?
  @OptionGroup var submitter: SubmitterOptions
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let batch: String
    let count: Int
    let expiresMs: UInt64
    let height: UInt64
    let wallet: String
    let file: String
    let dids: [String]
  }

  func validate() throws {
    guard (1...NewSessions.countLimit).contains(count) else { throw ValidationError("--count is from 1 to \(NewSessions.countLimit).") }
  }

  func run() async throws {
    let batchPath = batchOut ?? walletOut + ".batch"
    try KeyFiles.requireAbsent(walletOut)
    let revokers = try DIDArgument.parse(revokers)
    let own = try wallet.open()
    let other = try submitter.open(passphrase: own.passphrase)
    let shown = try await withClient(client) { client in
      let controller = try await client.signatory(own, did)
      let registrar = try await other.asyncMap { try await client.signatory($0) }
      let sessions = try make(controller.did, revokers, network: client.network)
      try Files.create(batchPath, "session batch", sessions.file.bytes)
      let keys = sessions.sessions.map { (name: WalletKeyName.document($0.did.identifier), key: $0.key) }
      try Wallet.create(walletOut, keys: keys, passphrase: own.passphrase, hashing: wallet.hashing.hashing)
      let receipt: Receipt
      do throws(CairnError) {
        receipt = try await client.anchor(sessions, controller: controller, by: registrar)
      } catch {
        // Certainly not anchored: nobody needs the files.
        if ClientSentence.failure(error).status == .refused { for path in [walletOut, batchPath] { unlink(path) } }
        throw error
      }
      return Shown(
        batch: sessions.file.batch.description, count: count, expiresMs: sessions.file.expiresMilliseconds,
        height: receipt.header.header.height, wallet: walletOut, file: batchPath, dids: sessions.sessions.map(\.did.description))
    }
    output.print(
      shown,
      text: Output.table([
        ("batch", shown.batch), ("sessions", "\(shown.count), until \(Output.time(shown.expiresMs))"),
        ("anchored", "at height \(shown.height)"), ("keys", shown.wallet), ("file", shown.file),
      ]))
  }

  private func make(_ controller: CairnDID, _ revokers: [CairnDID], network: Digest) throws(CommandFailure) -> NewSessions {
    let bar = ProgressBar("Making keys")
    defer { bar.finish() }
    let end = Timestamp.now.adding(milliseconds: validFor.milliseconds)
    do {
      return try NewSessions(
        count: count, controller: controller, expiresMilliseconds: UInt64(max(0, end.milliseconds)), revokers: revokers, network: network
      ) { done in bar.update(UInt64(done), of: UInt64(count)) }
    } catch {
      throw .refused(error.reason, "The sessions would be refused by every node (\(error.reason)).")
    }
  }
}

struct SessionPresent: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "present", abstract: "Make the session file with which one DID of a batch is shown; needs no network and no key.")

  @Argument(help: "The batch file.", completion: .file()) var batch: String
  @Option(help: "Place of the session in the batch, from 0.") var index: Int
  @Option(name: [.customLong("output"), .customShort("o")], help: "The file to make.", completion: .file()) var path: String
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let batch: String
    let index: UInt32
    let file: String
  }

  func run() throws {
    let file = try SessionFiles.readBatch(batch)
    guard let presentation = file.presentation(at: index) else {
      throw CommandFailure.refused("index_out_of_range", "\(batch) has \(file.count) sessions and none at \(index): check --index.")
    }
    try Files.create(path, "session", presentation.bytes)
    let shown = Shown(batch: file.batch.description, index: presentation.index, file: path)
    output.print(shown, text: "Session \(shown.index) of \(shown.batch): \(path).")
  }
}

struct SessionVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verify that a DID is a session that is anchored and in force.",
    discussion: "Who presents it shows by a signature that it has the session's key: with cairn credential present, for example.")

  @Argument(help: "The session file.", completion: .file()) var session: String
  @Option(help: "Whether it was in force at this time: 2026-01-31T12:00:00Z, or Unix milliseconds.") var at: MomentArgument?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let presentation = try SessionFiles.readPresentation(session)
    let verdict = try await withClient(client) { try await $0.verifySession(presentation, at: at?.timestamp) }
    let shown = ShownVerification.Session(verdict)
    var rows = [(verdict.accepted == nil ? "REFUSED" : "accepted", shown.did ?? "a session of \(shown.batch)")]
    rows += [("batch", shown.batch), ("index", "\(shown.index)")]
    if let expires = shown.expires { rows.append(("until", expires)) }
    if let document = verdict.accepted?.document { rows.append(("document", String(decoding: document, as: UTF8.self))) }
    rows += shown.refusals.map { ("because", "\($0.message) (\($0.reason))") }
    output.print(shown, text: Output.table(rows))
    guard verdict.accepted == nil else { return }
    let isUnread = verdict.refusals.allSatisfy { $0 == .unavailableStatus || $0 == .unavailableController }
    throw ExitCode((isUnread ? CommandFailure.Status.unreachable : .refused).rawValue)
  }
}

struct SessionRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "End sessions before they expire.",
    discussion: "The wallet is that of the batch's controller, or of one of its revokers.")

  @OptionGroup var wallet: WalletOptions
  @Option(help: "The batch file, with --index or --all.", completion: .file()) var batch: String?
  @Option(name: .customLong("index"), help: "Place of a session in the batch; several times for several.") var indices: [UInt32] = []
  @Flag(help: "All sessions of the batch.") var all = false
  @Option(name: .customLong("session"), help: "A session file; several times for several.", completion: .file()) var sessions: [String] = []
  @Option(help: "The DID that revokes, when the wallet has keys of several.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (batch != nil) == (!indices.isEmpty || all), batch != nil || !sessions.isEmpty else {
      throw ValidationError("Give --session FILE, or --batch FILE with --index or --all.")
    }
  }

  private struct Shown: Encodable {
    let batch: String
    let sessions: Int
    let transaction: String
    let height: UInt64
  }

  func run() async throws {
    let own = try wallet.open()
    let wanted = try wanted()
    try await withClient(client) { client in
      let revoker = try await client.signatory(own, did)
      for (batch, indices) in wanted.sorted(by: { $0.key.description < $1.key.description }) {
        for receipt in try await client.revokeSessions(indices, of: batch, by: revoker) {
          let shown = Shown(
            batch: batch.description, sessions: indices.count, transaction: receipt.transactionID.description,
            height: receipt.header.header.height)
          output.print(shown, text: "Revoked \(shown.sessions) sessions of \(shown.batch) at height \(shown.height).")
        }
      }
    }
  }

  private func wanted() throws(CommandFailure) -> [StatusListID: Set<UInt32>] {
    var wanted: [StatusListID: Set<UInt32>] = [:]
    if let batch {
      let file = try SessionFiles.readBatch(batch)
      wanted[file.batch] = all ? Set(0..<UInt32(clamping: file.count)) : Set(indices)
    }
    for path in sessions {
      let presentation = try SessionFiles.readPresentation(path)
      wanted[presentation.batch, default: []].insert(presentation.index)
    }
    return wanted
  }
}
