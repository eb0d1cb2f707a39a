import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger

struct PolicyShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a contract of the ledger, every byte of it proven.",
    discussion: "With --output the files of the version are written to a new folder, as they were deployed.")

  @Argument(help: "The contract's name.") var name: ContractArgument
  @Option(help: "This version instead of the one in force; 1 is the first.") var version: UInt64?
  @Option(help: "The version that was in force at this time: 2026-01-31T12:00:00Z, or Unix milliseconds.") var at: MomentArgument?
  @Option(name: .customLong("output"), help: "A folder that does not exist yet, for the contract's files.", completion: .directory)
  var folder: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard version == nil || at == nil else { throw ValidationError("--version and --at exclude each other.") }
    guard version != 0 else { throw ValidationError("--version is from 1.") }
  }

  func run() async throws {
    let selector: ContractSelector =
      version.map(ContractSelector.version)
      ?? at.map { .time(milliseconds: UInt64(max(0, $0.timestamp.milliseconds))) } ?? .inForce
    let resolution = try await withClient(client) { client in try await client.contract(name.id, at: selector) }
    if let folder { try write(resolution.contract.version, to: folder) }
    let shown = ShownContract(resolution)
    output.print(shown, text: shown.text)
  }

  private func write(_ version: ContractVersion, to folder: String) throws(CommandFailure) {
    guard !Files.exists(folder) else {
      throw .refused("file_exists", "\(folder) exists already and is not overwritten: choose another path.")
    }
    try Files.makeDirectory(folder)
    try Files.create("\(folder)/\(ContractFolder.policiesFile)", "policies", version.policies)
    try Files.create("\(folder)/\(ContractFolder.schemaFile)", "schema", version.schema)
    if !version.tests.isEmpty { try Files.create("\(folder)/\(ContractFolder.testsFile)", "tests", version.tests) }
  }
}

/// A contract, for people and programs.
private struct ShownContract: Encodable {
  let contract: String
  let state: String
  let version: UInt64
  let hash: String
  let previous: String?
  let newestVersion: UInt64
  let owners: [String]
  let threshold: UInt32
  let deployedMs: UInt64
  let upgradedMs: UInt64
  let attestedMs: UInt64?
  let auditor: String?
  let auditDueMs: UInt64
  let auditOverdue: Bool
  let policies: String
  let schema: String
  let tests: String
  let provenAtHeight: UInt64

  init(_ resolution: ContractResolution) {
    let (record, shown) = (resolution.contract.record, resolution.contract.version)
    contract = record.id.name
    state = record.isRetired ? "retired" : record.isFrozen ? "frozen" : "in force"
    (version, hash, previous) = (shown.version, shown.hash.description, shown.previous?.description)
    newestVersion = resolution.contract.newest.version
    (owners, threshold) = (shown.owners.map(\.description), shown.threshold)
    (deployedMs, upgradedMs) = (record.deployedMilliseconds, record.upgradedMilliseconds)
    (attestedMs, auditor) = (record.attestation?.timeMilliseconds, record.attestation?.auditor.description)
    auditDueMs = record.auditDueMilliseconds
    auditOverdue = resolution.isAuditOverdue
    policies = String(decoding: shown.policies, as: UTF8.self)
    schema = String(decoding: shown.schema, as: UTF8.self)
    tests = String(decoding: shown.tests, as: UTF8.self)
    provenAtHeight = resolution.header.header.height
  }

  var text: String {
    let audit = attestedMs.map { "attested \(Output.time($0)) by \(auditor ?? "")" } ?? "never attested"
    var rows = [("contract", contract), ("state", state), ("version", "\(version) of \(newestVersion)"), ("hash", hash)]
    rows += owners.map { ("owner", $0) }
    rows += [
      ("threshold", "\(threshold) of \(owners.count)"), ("deployed", Output.time(deployedMs)), ("upgraded", Output.time(upgradedMs)),
      ("audit", "\(audit), due \(Output.time(auditDueMs))\(auditOverdue ? ", OVERDUE" : "")"), ("proven at", "height \(provenAtHeight)"),
    ]
    return Output.table(rows) + "\n\n" + policies
  }
}
