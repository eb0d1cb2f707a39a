import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNode
import Foundation
import SwiftProtobuf

/// What clients do with every answer: believe nothing that does not prove itself.
struct ProofCheck {
  private let anchor: TrustAnchor
  private let scheme: any SignatureScheme

  init(_ world: World, scheme: any SignatureScheme) {
    anchor = TrustAnchor(
      network: world.genesis.network, epoch: 0, height: 0, digest: GenesisBlock(world.genesis).header.digest,
      validators: world.genesis.validators)
    self.scheme = scheme
  }

  /// A receipt proves that these very bytes are an entry of the log.
  ///
  /// - Returns: what is wrong with it.
  func problem(of receipt: ProtoProven, for transaction: [UInt8], by queries: QueryService?) -> String? {
    var client = client(asking: queries)
    do {
      let header = try client.certify(receipt)
      guard let proof = receipt.log.first else { return "it has no log proof" }
      guard case .transaction(let bytes) = try header.entry(proof).entry, bytes == transaction else { return "it is another transaction's" }
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// A client that begins with the genesis and follows the validators as far as the node leads.
  private func client(asking queries: QueryService?) -> LightClient {
    var client = LightClient(anchor: anchor, scheme: scheme)
    var request = ProtoEpochsRequest()
    while let answer = try? queries?.epochs(request), !answer.changes.isEmpty, (try? client.follow(answer.changes)) != nil {
      request.from = client.epoch
    }
    return client
  }

  /// The version of a DID that a node proves; `nil` when it proves that there is none.
  func resolve(_ did: CairnDID, at queries: QueryService) throws -> ResolvedDID? {
    var request = ProtoResolveRequest()
    request.did = did.description
    let proven = try queries.resolve(request).message
    var client = LightClient(anchor: anchor, scheme: scheme)
    let header = try client.certify(proven)
    guard let proof = proven.state.first, let value = try header.value(of: did.stateKey, proof: proof) else { return nil }
    let resolution = try ProtoResolution(serializedBytes: proven.payload)
    return try ResolvedDID(did, stateValue: value, record: [UInt8](resolution.record), document: [UInt8](resolution.document))
  }
}
