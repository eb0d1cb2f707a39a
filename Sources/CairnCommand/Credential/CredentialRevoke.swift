import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger

struct CredentialRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Cancel credentials for ever.",
    discussion: "The wallet is that of the list's issuer, or of one of its revokers. Revoking twice is harmless.")

  @OptionGroup var change: StatusChange

  func run() async throws { try await change.run(.revocation, isSet: true, "Revoked") }
}

struct CredentialSuspend: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suspend", abstract: "Put credentials out of force until they are reinstated.",
    discussion: "The credentials must name a suspension list; the wallet is that of its issuer, or of one of its revokers.")

  @OptionGroup var change: StatusChange

  func run() async throws { try await change.run(.suspension, isSet: true, "Suspended") }
}

struct CredentialReinstate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reinstate", abstract: "Put suspended credentials into force again.",
    discussion: "The wallet is that of the suspension list's issuer, or of one of its revokers.")

  @OptionGroup var change: StatusChange

  func run() async throws { try await change.run(.suspension, isSet: false, "Reinstated") }
}

/// Sets or clears the bits of credentials.
struct StatusChange: ParsableArguments {
  @OptionGroup var wallet: WalletOptions
  @OptionGroup var positions: StatusPositionOptions
  @Option(help: "The DID that revokes, when the wallet has keys of several.") var did: String?
  @OptionGroup var client: ClientOptions
  @OptionGroup var output: OutputOptions

  private struct Shown: Encodable {
    let list: String
    let indices: Int
    let transaction: String
    let height: UInt64
  }

  func run(_ purpose: StatusListPurpose, isSet: Bool, _ verb: String) async throws {
    let own = try wallet.open()
    try await withClient(client) { client in
      let did = try own.did(did, network: client.network)
      let lists = try await lists(of: try positions.positions(of: did), for: purpose, client)
      let keys = try own.updateKeys(of: try await client.current(did).record.control, did: did)
      for (list, indices) in lists {
        let receipts = try await client.updateStatusList(
          list, set: isSet ? indices : [], clear: isSet ? [] : indices, by: Signatory(did, keys: keys))
        for receipt in receipts {
          let shown = Shown(
            list: list.description, indices: indices.count, transaction: receipt.transactionID.description,
            height: receipt.header.header.height)
          output.print(shown, text: "\(verb) \(shown.indices) of \(shown.list) at height \(shown.height).")
        }
      }
    }
  }

  /// The indices by list: of a credential's lists those with the purpose.
  private func lists(
    of positions: [StatusPosition], for purpose: StatusListPurpose, _ client: CairnClient
  ) async throws -> [(StatusListID, [UInt32])] {
    var indices: [StatusListID: [UInt32]] = [:]
    for position in positions { indices[position.list, default: []].append(UInt32(clamping: position.index)) }
    var lists: [(StatusListID, [UInt32])] = []
    for (list, indices) in indices.sorted(by: { $0.key.description < $1.key.description }) {
      if try await client.statusListRecord(list).purpose == purpose { lists.append((list, indices)) }
    }
    guard !lists.isEmpty else {
      throw CommandFailure.refused(
        "wrong_status_purpose", "None of the lists is for \(purpose.name): a credential names the list when it is issued.")
    }
    return lists
  }
}
