import ArgumentParser
import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger

struct DIDCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "did", abstract: "Create, change and look up decentralized identifiers; every answer is verified.",
    discussion: """
      A wallet is an encrypted key file: for each DID the control keys of every generation, the next one included, and the key in \
      its document. What a DID is at the moment, the ledger says, with proof.
      """,
    subcommands: [
      DIDCreateCommand.self, DIDUpdateCommand.self, DIDRotateCommand.self, DIDDeactivateCommand.self, DIDResolve.self,
      DIDHistoryCommand.self,
    ])
}

/// What became of a DID, for people and programs.
struct ShownChange: Encodable {
  let did: String
  let transaction: String
  /// Log index of the transaction.
  let index: UInt64
  let height: UInt64
  let wallet: String?

  init(_ did: CairnDID, _ receipt: Receipt, wallet: String? = nil) {
    self.did = did.description
    transaction = receipt.transactionID.description
    index = receipt.index
    height = receipt.header.header.height
    self.wallet = wallet
  }
}

extension CairnClient {
  /// The DID as it is, never from a cache.
  func current(_ did: CairnDID) async throws -> ResolvedDID {
    let resolution = try await freshResolution(of: did)
    guard let resolved = resolution.resolved else { throw CairnError.notFound(did, provenBy: resolution.header) }
    guard !resolved.isDeactivated else { throw CairnError.deactivated(resolved) }
    return resolved
  }

  /// A DID of a wallet with its current keys.
  ///
  /// - Parameter chosen: from the command line; `nil` when there is only one.
  func signatory(_ wallet: Wallet, _ chosen: String? = nil) async throws -> Signatory {
    let did = try wallet.did(chosen, network: network)
    return Signatory(did, keys: try wallet.updateKeys(of: try await current(did).record.control, did: did))
  }
}
