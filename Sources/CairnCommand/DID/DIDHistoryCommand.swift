import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

struct DIDHistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show everything that ever happened to a DID, verified back to its creation.",
    discussion: "With --json one object a version, the newest first.")

  @Argument(help: "The DID.") var did: String
  @Option(help: "The genesis file: for DIDs that the network started with.", completion: .file()) var genesis: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let sequence: UInt64
    let operation: String
    let hash: String
    let transaction: String?
  }

  func run() async throws {
    let parsed = try DIDArgument.parse(did)
    let start = try genesis.map { path throws(CommandFailure) in try GenesisFiles.readGenesis(path) }
    let history = try await withClient(client) { try await $0.history(of: parsed, genesis: start) }
    for entry in history.history.entries {
      let shown = Shown(
        sequence: entry.sequence, operation: entry.operation.name, hash: entry.operation.hash.description,
        transaction: entry.transaction?.description)
      output.print(
        shown,
        text: "\(shown.sequence)  \(shown.operation.padding(toLength: 10, withPad: " ", startingAt: 0))  "
          + (shown.transaction.map { "transaction \($0)" } ?? "genesis"))
    }
    guard !output.isJSON else { return }
    Output.write(
      history.history.isComplete
        ? "Verified to the creation, at height \(history.header.header.height).\n"
        : "Verified to the first change; the creation is in the genesis: give it with --genesis.\n", to: .standardOutput)
  }
}

extension LedgerOperation {
  var name: String {
    switch kind {
    case .didCreate: "create"
    case .didUpdate: "update"
    case .didRotate: "rotate"
    case .didDeactivate: "deactivate"
    case .statusListCreate: "status-list-create"
    case .statusListUpdate: "status-list-update"
    case .statusListDelegate: "status-list-delegate"
    case .sessionBatchCreate: "session-batch-create"
    case .agentIsolate: "agent-isolate"
    case .agentRelease: "agent-release"
    case .governancePropose: "governance-propose"
    case .governanceApprove: "governance-approve"
    case .governanceWithdraw: "governance-withdraw"
    case .contractDeploy: "contract-deploy"
    case .contractUpgrade: "contract-upgrade"
    case .contractFreeze: "contract-freeze"
    case .contractUnfreeze: "contract-unfreeze"
    case .contractAttest: "contract-attest"
    case .contractRetire: "contract-retire"
    case .accessRecord: "access-record"
    case .evidenceSubmit: "evidence-submit"
    }
  }
}
