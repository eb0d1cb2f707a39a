import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnTestKit
import Foundation
import Testing

@Suite(.serialized) struct GovernanceClusterTests {
  private static let day: UInt64 = 86_400_000

  @Test("Trustees decide together, and what they decide holds") func together() async throws {
    var options = LocalCluster.Options()
    options.trustees = 3
    options.parameters.trusteeThreshold = 2
    try await LocalCluster.with(nodes: 4, options: options) { cluster in
      let (client, trustees) = (cluster.client, cluster.network.trustees)
      #expect(trustees.count == 3 && trustees[0].did == cluster.network.registrar.did)
      let (key, other) = (SigningKey.generate(), SigningKey.generate())
      let agent = Signatory(try await cluster.register(key: key), keys: [key])
      let control = try Control(update: other.publicKey, next: key.publicKey)
      func enrol() async throws {
        _ = try await client.create(control: control, document: .signing(with: other.publicKey), keys: [other], by: agent)
      }
      await #expect(throws: CairnError.self) { try await enrol() }
      let expires = UInt64(Date().timeIntervalSince1970 * 1_000) + Self.day
      let (id, _) = try await client.propose(.grantRole(.registrar, agent.did), expiresMilliseconds: expires, by: trustees[0])
      let open = try await client.governance()
      #expect(open.governance.open.map(\.id) == [id] && open.governance.trustees.count == 3)
      #expect(open.governance.parameters.trusteeThreshold == 2 && open.governance.constitution.source == .standard)
      let receipt = try await client.approve(id, by: trustees[1])
      let proposal = try #require(try await client.proposal(id).proposal)
      #expect(proposal.state == .enacted && proposal.closedHeight == receipt.header.header.height)
      try await enrol()
      #expect(try await client.governance().governance.open.isEmpty)
      #expect(try await client.proposal(ProposalID(.zero)).proposal == nil)
      let (heartbeat, _) = try await client.propose(
        .setParameter(.heartbeatMilliseconds, 250), expiresMilliseconds: expires, by: trustees[2])
      try await client.approve(heartbeat, by: trustees[0])
      #expect(try await client.governance().governance.parameters.heartbeatMilliseconds == 250)
    }
  }
}
