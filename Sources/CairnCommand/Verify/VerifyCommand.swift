import ArgumentParser
import CairnChain
import CairnLedger
import CairnNode
import CairnStore
import Foundation

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Derive a node's whole data directory again from the genesis, offline, and compare.",
    discussion: """
      Reads everything once: write-ahead logs, pages, indices and look-ups, every row's checksum, the chain of headers, the log and its tiles, \
      both copies of the safety records. Then derives it again: every transaction's signatures and execution, state roots, certificates, and that \
      state.db and index.db have what the log leads to. Of a node that began with a snapshot, which has not the log \
      before it, everything but the execution is checked. The node must not be running. Names the first damage that is found.
      """)

  @Option(help: "The node's data directory.", completion: .directory) var data: String
  @Option(help: "The genesis file of the network.", completion: .file()) var genesis: String
  @OptionGroup var output: OutputOptions

  private struct Verified: Encodable {
    let data: String
    let fingerprint: String
    let height: UInt64
    let entries: UInt64
    let transactions: Int
    let operations: Int
    let certificates: Int
    let signatures: Int
    let tiles: Int
    let stateRows: Int
    let storedStateHeight: UInt64?
    /// First block after a part of the chain that is missing.
    let historyFrom: UInt64?
    let milliseconds: Int64
  }

  func run() async throws {
    let start = try GenesisFiles.readGenesis(genesis)
    let clock = ContinuousClock()
    let begin = clock.now
    let bar = ProgressBar("Verifying")
    let summary: ChainVerification.Summary
    do throws(ChainDamage) {
      summary = try await ChainVerification(genesis: start, archive: try open(start)).run { bar.update($0, of: $1) }
      bar.finish()
    } catch {
      bar.finish()
      throw failure(error)
    }
    let duration = begin.duration(to: clock.now)
    let milliseconds = duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
    output.print(
      Verified(
        data: data, fingerprint: start.fingerprint, height: summary.height, entries: summary.entries, transactions: summary.transactions,
        operations: summary.operations, certificates: summary.certificates, signatures: summary.signatures, tiles: summary.tiles,
        stateRows: summary.stateRows, storedStateHeight: summary.storedStateHeight, historyFrom: summary.historyFrom,
        milliseconds: milliseconds),
      text: """
        \(Self.verdict(summary, data: data, fingerprint: start.fingerprint))
        Height \(summary.height), \(summary.entries) log entries, \(summary.transactions) transactions with \(summary.operations) operations, \
        \(summary.certificates) certificates, \(summary.signatures) signatures, \(summary.stateRows) state rows, in \(milliseconds) ms.
        """)
  }

  private static func verdict(_ summary: ChainVerification.Summary, data: String, fingerprint: String) -> String {
    guard let height = summary.historyFrom else { return "Everything in \(data) follows from the genesis with fingerprint \(fingerprint)." }
    return """
      Everything in \(data) is what the validators of the genesis with fingerprint \(fingerprint) finalized. This node began with a snapshot: \
      it has the log from block \(height) on, and what was before was not executed again.
      """
  }

  private func open(_ genesis: Genesis) throws(ChainDamage) -> StoreArchive {
    do { return try StoreArchive(path: data, network: genesis.network) } catch { throw .store(error) }
  }

  private func failure(_ damage: ChainDamage) -> CommandFailure {
    switch damage {
    case .store(.locked): .refused("locked", "A node has \(data) open: stop it first, or verify a copy.")
    case .store(.missing(let path)): .refused("missing", "\(data) is not the data directory of a node: \(path) is missing.")
    case .store(.damaged(let file, _)) where file.hasSuffix("-wal"):
      .refused(
        damage.reason,
        "\(damage). Start the node once, which mends what a power cut leaves, and verify again; what is damaged otherwise is lost: let the node catch up from the others into an empty directory."
      )
    case .store(.wrongNetwork):
      .refused("wrong_network", "\(data) belongs to another network than \(genesis): give the genesis file of that network.")
    default:
      .refused(
        damage.reason, "\(data) is damaged: \(damage); stop using it, and let the node catch up from the others into an empty directory.")
    }
  }
}
