import ArgumentParser
import CairnChain
import CairnClient
import CairnIdentity
import CairnLedger
import Foundation

/// Which bits of status lists a command is about.
struct StatusPositionOptions: ParsableArguments {
  @Argument(help: "Credential files, whose status entries are meant; - for standard input.", completion: .file()) var credentials:
    [String] = []
  @Option(help: "A status list instead, in full or by the name that it has with the wallet's DID.") var list: String?
  @Option(name: .customLong("index"), help: "An index of the list; several times for several.") var indices: [UInt32] = []
  @Option(help: "A file with indices of the list, one a line.", completion: .file()) var indicesFile: String?

  /// More than any list has.
  private static let fileByteLimit = 32 << 20

  func validate() throws {
    let hasIndices = !indices.isEmpty || indicesFile != nil
    guard hasIndices == (list != nil) else { throw ValidationError("--list goes with --index or --indices-file.") }
    guard hasIndices != !credentials.isEmpty else { throw ValidationError("Give credential files, or --list with indices.") }
  }

  /// Each once.
  ///
  /// - Parameter issuer: whose list a bare name means.
  func positions(of issuer: CairnDID?) throws(CommandFailure) -> [StatusPosition] {
    var positions: [StatusPosition] = []
    if let list {
      let list = try StatusListArgument.parse(list, of: issuer)
      positions = try (indices + indicesFromFile()).map { StatusPosition(list: list, index: UInt64($0)) }
    }
    for path in credentials {
      let inspection = CredentialInspection(of: try CredentialFiles.read(path))
      guard !inspection.statuses.isEmpty else {
        let why = inspection.refusals.first?.message ?? "It names no status list."
        throw .refused("no_status", "\(path) has no status to look at. \(why)")
      }
      positions += inspection.statuses
    }
    var seen: Set<StatusPosition> = []
    return positions.filter { seen.insert($0).inserted }
  }

  private func indicesFromFile() throws(CommandFailure) -> [UInt32] {
    guard let path = indicesFile else { return [] }
    var indices: [UInt32] = []
    let lines = try Files.read(path, "indices file", limit: Self.fileByteLimit).split(separator: UInt8(ascii: "\n"))
    for (number, line) in lines.enumerated() {
      let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)
      guard let index = UInt32(text) else { throw .refused("bad_index", "\(path):\(number + 1): \(text.prefix(20)) is not an index.") }
      indices.append(index)
    }
    return indices
  }
}

struct CredentialStatus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what the ledger says about a credential's status, with proof.")

  @OptionGroup var positions: StatusPositionOptions
  @Option(help: "At this time instead of now: 2026-01-31T12:00:00Z, or Unix milliseconds.") var at: MomentArgument?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let list: String
    let index: UInt32
    let purpose: String
    let isSet: Bool
    let sinceMs: UInt64
    let sinceHeight: UInt64
    let provenAtHeight: UInt64
  }

  func run() async throws {
    let wanted = try positions.positions(of: nil)
    let moment = at.map { StatusMoment.time(milliseconds: UInt64(max(0, $0.timestamp.milliseconds))) } ?? .now
    let resolutions = try await withClient(client) { client in
      var resolutions: [StatusResolution] = []
      for position in wanted {
        resolutions.append(try await client.status(of: UInt32(clamping: position.index), in: position.list, at: moment))
      }
      return resolutions
    }
    for resolution in resolutions {
      let status = resolution.status
      let shown = Shown(
        list: status.list.list.description, index: status.index, purpose: status.list.purpose.name, isSet: status.isSet,
        sinceMs: status.since.milliseconds, sinceHeight: status.since.height, provenAtHeight: resolution.header.header.height)
      output.print(
        shown,
        text: Output.table([
          ("list", shown.list), ("index", "\(shown.index)"), ("status", Self.word(status.list.purpose, isSet: status.isSet)),
          ("unchanged", "since \(Output.time(shown.sinceMs)), height \(shown.sinceHeight), or longer"),
          ("proven", "at height \(shown.provenAtHeight)"),
        ]))
    }
  }

  private static func word(_ purpose: StatusListPurpose, isSet: Bool) -> String {
    switch purpose {
    case .revocation: isSet ? "REVOKED" : "not revoked"
    case .suspension: isSet ? "SUSPENDED" : "not suspended"
    case .refresh: isSet ? "to be refreshed" : "current"
    }
  }
}
