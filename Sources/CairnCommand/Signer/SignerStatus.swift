import ArgumentParser
import CairnChain
import CairnCrypto
import CairnStore

struct SignerStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show whether a signer runs, and what it has on record; needs no passphrase.")

  @Argument(help: "The signer's directory.", completion: .directory) var directory: String
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let network: String
    let consensusKey: String
    let isRunning: Bool
    let records: UInt64
    /// `epoch:view`, and what was signed in it.
    let highest: String?
    let highestKind: String?
    let floor: String
  }

  func run() throws {
    let summary: SignerSummary
    do { summary = try SignerDirectory(path: SignerFiles(directory: directory).records).summary() } catch {
      throw SignerSentence.failure(error, directory)
    }
    let highest = summary.highestVote?.statement
    let shown = Shown(
      network: summary.network.description, consensusKey: summary.key.description, isRunning: summary.isRunning,
      records: summary.lastSequence, highest: highest.map { "\($0.epoch):\($0.view)" }, highestKind: highest.map { "\($0.kind)" },
      floor: "\(summary.floor.epoch):\(summary.floor.view)")
    output.print(
      shown,
      text: Output.table([
        ("signer", shown.isRunning ? "runs" : "does not run"), ("network", shown.network), ("key", shown.consensusKey),
        ("highest", highest.map { "\($0.kind) of epoch \($0.epoch), view \($0.view)" } ?? "nothing signed yet"),
        ("floor", "nothing is signed at or below epoch \(summary.floor.epoch), view \(summary.floor.view)"),
        ("records", "\(summary.lastSequence) since the first"),
      ]))
  }
}

struct SignerReset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Begin a new record above a view, after the old one was lost or damaged: your explicit word.",
    discussion: """
      Whoever signs twice in one view is convicted by its own signatures. Give a view that the network has certainly not reached when the \
      signer last signed: its present one, as cairn node status shows it on any node, and some thousand more.
      """)

  @Argument(help: "The signer's directory.", completion: .directory) var directory: String
  @Option(help: ArgumentHelp("Nothing is ever signed at or below this view.", valueName: "epoch:view")) var above: String
  @OptionGroup var output: OutputOptions

  private struct Reset: Encodable {
    let floor: String
  }

  func run() throws {
    guard let floor = Self.position(above) else {
      throw CommandFailure.usage("bad_position", "--above \(above) is not EPOCH:VIEW, for example 0:120000.")
    }
    do {
      let records = SignerDirectory(path: SignerFiles(directory: directory).records)
      guard let owner = try records.owner() else { throw StoreError.missing(path: records.format) }
      let store = try SignerStore(path: records.path, network: owner.network, key: owner.key)
      if let highest = store.highestVote?.statement, ViewPosition(epoch: highest.epoch, view: highest.view) > floor {
        throw CommandFailure.refused(
          "below_highest", "This key has signed in epoch \(highest.epoch), view \(highest.view): give a position that is not below it.")
      }
      guard floor > store.floor else {
        throw CommandFailure.refused(
          "below_floor", "The record begins above epoch \(store.floor.epoch), view \(store.floor.view) already: give a position above it.")
      }
      try store.restart(above: floor)
    } catch let error as StoreError {
      throw SignerSentence.failure(error, directory)
    }
    output.print(
      Reset(floor: "\(floor.epoch):\(floor.view)"),
      text: "A new record begins: nothing is signed at or below epoch \(floor.epoch), view \(floor.view).")
  }

  private static func position(_ text: String) -> ViewPosition? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let epoch = UInt64(parts[0]), let view = UInt64(parts[1]) else { return nil }
    let position = ViewPosition(epoch: epoch, view: view)
    return position.isRecordable ? position : nil
  }
}
