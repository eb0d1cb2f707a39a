import CairnChain
import CairnClient
import CairnCrypto
import CairnLedger
import CairnTestKit
import Testing

@Suite struct EvidenceClusterTests {
  @Test("An operator puts a validator's fault on record; whoever accuses with what the validator did not sign is refused at home")
  func submit() async throws {
    try await LocalCluster.with(nodes: 4) { cluster in
      let (client, network) = (cluster.client, cluster.network)
      let consensusKey = try #require(network.validators.first).consensusKey
      func evidence(by key: SigningKey) throws -> Evidence {
        try #require(
          Evidence(
            Verified.signed(.nullify(epoch: 0, view: 900), network: network.genesis.network, validator: 0, key: key).value,
            Verified.signed(
              .finalize(epoch: 0, view: 900, digest: .sha256([1])), network: network.genesis.network, validator: 0, key: key
            ).value))
      }
      let receipt = try await client.submit([evidence(by: consensusKey)], by: network.operators[1])
      #expect(receipt.header.header.height > 0)
      // Once more is no error, and changes nothing.
      _ = try await client.submit([evidence(by: consensusKey)], by: network.operators[2])
      await #expect(throws: CairnError.invalidOperation(.evidence(.badSignature))) {
        _ = try await client.submit([evidence(by: .generate())], by: network.operators[1])
      }
    }
  }
}
