import ArgumentParser
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnPolicy

/// A contract on disk: a folder whose files go on the ledger byte for byte.
struct ContractFolder {
  static let policiesFile = "policies.cedar"
  static let schemaFile = "schema.cedarschema"
  static let testsFile = "tests.json"
  /// More than a ledger takes, so that what is too long is said with what is allowed.
  private static let byteLimit = 1 << 20

  static let explanation = """
    A contract is a folder with \(policiesFile) and \(schemaFile), in Cedar's syntax, and optionally \(testsFile): \
    {"entities": [...], "tests": [{"name": "...", "principal": "Cairn::Agent::\\"alice\\"", "action": "Cairn::Action::\\"read\\"", "resource": \
    "Cairn::Resource::\\"x\\"", "context": {}, "decision": "allow"}]}. The schema declares what the ledger has of agents and requests, and \
    actions of its own. Entities are as in Cedar's entities JSON; a test may have its own.
    """

  let path: String
  let policies: [UInt8]
  let schema: [UInt8]
  let tests: [UInt8]

  static func read(_ path: String) throws(CommandFailure) -> ContractFolder {
    let tests = file(testsFile, in: path)
    return ContractFolder(
      path: path, policies: try Files.read(file(policiesFile, in: path), "policies", limit: byteLimit),
      schema: try Files.read(file(schemaFile, in: path), "schema", limit: byteLimit),
      tests: Files.exists(tests) ? try Files.read(tests, "tests", limit: byteLimit) : [])
  }

  /// The path of a file in the folder, which may have been given with a slash at its end.
  static func file(_ name: String, in folder: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

  /// A version of a contract with what the folder says, checked as the ledger will check it.
  ///
  /// - Parameter record: of the version that is in force; `nil` for the first.
  func version(
    _ id: ContractID, after record: ContractRecord? = nil, owners: [CairnDID], threshold: UInt32, network: Digest
  ) throws(CommandFailure) -> ContractVersion {
    let version: ContractVersion
    do {
      version = try ContractVersion(
        id: id, version: (record?.version ?? 0) + 1, previous: record?.hash, policies: policies, schema: schema, tests: tests,
        owners: owners, threshold: threshold, network: network)
    } catch {
      throw .refused(error.reason, "The ledger would refuse \(path) (\(error.reason)): check its size, the owners and the threshold.")
    }
    do { _ = try CompiledContract.checked(version) } catch {
      throw .refused(error.reason, "The ledger would refuse \(path): \(error.description). Look closer with cairn policy check.")
    }
    return version
  }
}

/// The name of a contract from the command line.
struct ContractArgument: ExpressibleByArgument {
  let id: ContractID

  init?(argument: String) {
    guard let id = ContractID(argument) else { return nil }
    self.id = id
  }
}
