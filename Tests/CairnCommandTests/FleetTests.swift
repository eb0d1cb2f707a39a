import ArgumentParser
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnNetwork
import Testing

@testable import CairnCommand

@Suite("Fleets")
struct FleetTests {
  private static let network = Digest.sha256(Array("fleet".utf8))

  private func items(_ count: Int, services: Int = 0, keyed: Bool = false) throws -> [FleetSubmission.Item] {
    var changes = DocumentOptions.Changes()
    changes.services = (0..<services).map {
      DIDDocument.Service(
        fragment: "service-\($0)", types: ["Card"], endpoints: ["https://example.com/" + String(repeating: "a", count: 200)])
    }
    return try (0..<count).map { _ in
      let identity = try NewIdentity(document: changes, controller: nil, network: Self.network)
      return FleetSubmission.Item(operation: identity.operation, keys: keyed ? [identity.updateKey] : [])
    }
  }

  @Test("Every transaction of a fleet is within the ledger's limits, and none is left half empty")
  func batches() throws {
    for (items, least) in [(try items(600), 3), (try items(100, keyed: true), 4), (try items(60, services: 8), 2)] {
      let batches = FleetSubmission.batches(of: items)
      #expect(batches.flatMap { $0.map(\.operation.did) } == items.map(\.operation.did))
      #expect(batches.count >= least && batches.count <= least + 2)
      let registrar = CairnDID(network: Self.network, create: Digest.sha256(Array("registrar".utf8)))
      for batch in batches {
        let unsigned = UnsignedTransaction(
          network: Self.network, submitter: registrar, notAfterHeight: 1, nonce: [UInt8](repeating: 0, count: Transaction.nonceByteCount),
          operations: batch.map(\.operation))
        #expect(throws: Never.self) { try unsigned.signed(by: [SigningKey.generate()] + batch.flatMap(\.keys)) }
      }
    }
  }

  @Test("What is certainly not done is told from what may be")
  func partialFailure() throws {
    let dids = try items(3).compactMap(\.operation.did)
    let refusal = CairnError.refused(Refusal(status: .permissionDenied, reason: "not_permitted", message: "No."))
    let report = FleetReport(results: [
      FleetSubmission.Result(did: dids[0], outcome: .failure(refusal)),
      FleetSubmission.Result(did: dids[1], outcome: .failure(.undecided(transactions: [], []))),
      FleetSubmission.Result(did: dids[2], outcome: .failure(refusal)),
    ])
    #expect(report.refused == [dids[0], dids[2]])
    let failure = report.print("Created", wallet: nil, try OutputOptions.parse([]))
    #expect(failure?.reason == "not_permitted")
    #expect(failure?.description.hasPrefix("3 of 3 DIDs were not done, 0 were.") == true)
  }
}
