import CairnClient
import CairnIdentity
import CairnLedger

/// A status list from the command line.
enum StatusListArgument {
  /// - Parameters:
  ///   - text: a full identifier or URL, or the name of one of the issuer's lists.
  ///   - issuer: `nil` when only a full one will do.
  static func parse(_ text: String, of issuer: CairnDID?) throws(CommandFailure) -> StatusListID {
    do throws(StatusListIDError) {
      if let issuer, !text.utf8.contains(UInt8(ascii: ":")) { return try StatusListID(issuer: issuer, name: text) }
      return try StatusListID(reference: text)
    } catch {
      throw .usage(
        error.reason,
        "\(text) is not a status list (\(error.reason)): it is <did>/status/NAME, a URL of it, or the NAME of a list of the wallet's DID.")
    }
  }

  /// Beside the wallet.
  static func indexFile(of list: StatusListID, wallet: String) -> String {
    guard case .named(let name) = list.kind else { return wallet + ".indices" }
    return "\(wallet).\(name).indices"
  }

  static func failure(_ error: StatusIndexError, _ path: String) -> CommandFailure {
    switch error {
    case .malformed: .refused(error.reason, "\(path) is not an index file of this list, or it is damaged: restore it from a copy.")
    case .otherList(let list): .refused(error.reason, "\(path) is the index file of \(list): give another --index-file.")
    case .full(let remaining): .refused(error.reason, "The status list has \(remaining) unused indices left: make another list.")
    case .file(let why): .refused(error.reason, "The index file \(path) cannot be used: \(why).")
    }
  }
}

extension CairnClient {
  /// The list itself, as it is now.
  func statusListRecord(_ list: StatusListID) async throws(CairnError) -> StatusListRecord {
    try await status(of: 0, in: list).status.list
  }
}
