import CairnCrypto
import CairnLedger
import Foundation

/// A genesis template as a YAML file that operators read, discuss and compare.
enum TemplateFile {
  private static let byteLimit = 64 << 10
  private static let parameters = [
    "parameters.max_block_bytes", "parameters.max_transaction_bytes", "parameters.max_validity_blocks", "parameters.heartbeat_ms",
    "parameters.trustee_threshold",
  ]

  /// - Parameter constitution: ``ConstitutionFile/standardName``, or where its policies are.
  static func text(_ template: GenesisTemplate, constitution: String) -> String {
    """
    # The template of a Cairn network. All operators agree on this file, then each runs
    #   cairn genesis join --template THIS-FILE --name MY-NAME ...
    # Every entry is signed for exactly these values.

    # For people and logs: visible ASCII, up to 64 characters.
    name: \(quoted(template.name))

    # Time of the first block, UTC. Later blocks are later.
    time: \(Output.time(template.timeMilliseconds))

    parameters:
      # Transactions of one block, in bytes.
      max_block_bytes: \(template.parameters.maxBlockBytes)
      # One transaction, in bytes.
      max_transaction_bytes: \(template.parameters.maxTransactionBytes)
      # How many blocks ahead a transaction may expire.
      max_validity_blocks: \(template.parameters.maxValidityBlocks)
      # An idle network seals an empty block after this long, so that readers have a fresh header.
      heartbeat_ms: \(template.parameters.heartbeatMilliseconds)
      # Trustees that must approve a decision of governance.
      trustee_threshold: \(template.parameters.trusteeThreshold)

    # Who may do what on the ledger: Cedar policies, in a file beside this one, or "standard". The decisions that they have to make are in
    # the file of the same name with .tests at the end, where there is one.
    constitution: \(constitution)

    """
  }

  /// A YAML single-quoted scalar.
  private static func quoted(_ text: String) -> String { "'" + text.replacingOccurrences(of: "'", with: "''") + "'" }

  static func read(_ path: String) throws(CommandFailure) -> GenesisTemplate {
    let settings = try YAMLSettings(try Files.read(path, "genesis template", limit: byteLimit), path: path, "genesis template")
    try settings.checkNames(["name", "time", "constitution"] + parameters)
    var values: [UInt32] = []
    for name in parameters { values.append(try number(name, in: settings)) }
    let time = try required("time", in: settings)
    guard let date = try? Date(time.value, strategy: .iso8601), date.timeIntervalSince1970 >= 0 else {
      throw .refused("bad_value", "\(path):\(time.line): time is not of the form 2026-01-31T12:00:00Z.")
    }
    do {
      return try GenesisTemplate(
        name: try required("name", in: settings).value, timeMilliseconds: UInt64(date.timeIntervalSince1970) * 1_000,
        parameters: Parameters(
          maxBlockBytes: values[0], maxTransactionBytes: values[1], maxValidityBlocks: values[2], heartbeatMilliseconds: values[3],
          trusteeThreshold: values[4]),
        constitution: try ConstitutionFile.read(try required("constitution", in: settings).value, beside: path))
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw GenesisSentence.failure(error as? GenesisError ?? .field("name"), "the template \(path)")
    }
  }

  private static func required(_ name: String, in settings: YAMLSettings) throws(CommandFailure) -> YAMLSettings.Entry {
    guard let entry = settings.entries.first(where: { $0.name == name }) else {
      throw .refused("missing_key", "The genesis template \(settings.path) lacks \(name): add it, all operators the same.")
    }
    return entry
  }

  private static func number(_ name: String, in settings: YAMLSettings) throws(CommandFailure) -> UInt32 {
    let entry = try required(name, in: settings)
    guard let number = UInt32(entry.value) else {
      throw .refused("bad_value", "\(settings.path):\(entry.line): \(name) is not a whole number of at most 32 bits.")
    }
    return number
  }
}

extension GenesisTemplate {
  /// What operators compare.
  var fingerprint: String { Genesis.fingerprint(of: hash) }
}
