import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnTestKit
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnGateway

@Suite(.serialized) struct ClusterTests {
  private static func port(_ cluster: LocalCluster, _ index: Int) throws -> Int {
    let url = cluster.httpURL(of: index)
    return try #require(url?.split(separator: ":").last.flatMap { Int($0) })
  }

  /// What somebody believes who has the trust anchor and the HTTP answer, and nothing else.
  private static func verified(_ body: String, did: CairnDID, anchor: TrustAnchor) throws -> ResolvedDID {
    let json = try JSON(parsing: Array(body.utf8))
    let text = try #require(json["didDocumentMetadata"]?["proof"]?.array?.first?["proven"]?.string)
    let base64 = text.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
    let data = try #require(Data(base64Encoded: base64 + padding))
    let proven = try ProtoProven(serializedBytes: data)
    var client = LightClient(anchor: anchor)
    let certified = try client.verify(
      proven, since: nil, now: UInt64(Date().timeIntervalSince1970 * 1000), maximumStaleness: 60_000)
    let state = try #require(proven.state.first)
    let value = try #require(try certified.value(of: did.stateKey, proof: state))
    let resolution = try ProtoResolution(serializedBytes: proven.payload)
    return try ResolvedDID(did, stateValue: value, record: [UInt8](resolution.record), document: [UInt8](resolution.document))
  }

  @Test("Every node resolves over HTTP, and the answer alone convinces a light client")
  func proof() async throws {
    try await LocalCluster.with(nodes: 4) { cluster in
      let agent = try await cluster.register(key: .generate())
      for index in 0..<4 {
        let port = try Self.port(cluster, index)
        try await cluster.waitUntil { try await RawConnection.get(port, "/1.0/identifiers/\(agent)").status == 200 }
        let response = try await RawConnection.get(port, "/1.0/identifiers/\(agent)")
        let resolved = try Self.verified(response.body, did: agent, anchor: cluster.network.anchor)
        #expect(response.body.contains(#"{"didDocument":\#(String(decoding: resolved.document, as: UTF8.self)),"#))
        let absent = CairnDID(network: cluster.network.genesis.network, create: .sha256([7]))
        #expect(try await RawConnection.get(port, "/1.0/identifiers/\(absent)").status == 404)
        #expect(try await RawConnection.get(port, "/readyz").status == 200)
        // Another network's anchor believes nothing of it.
        let other = try TestNetwork(
          validators: 4, timeMilliseconds: 1, address: { _ in (.init(host: "a", port: 1), .init(host: "a", port: 2)) })
        #expect(throws: (any Error).self) { try Self.verified(response.body, did: agent, anchor: other.anchor) }
      }
    }
  }

  /// A gauge or counter as the node tells it; `nil` when it has none.
  private static func metric(_ name: String, _ port: Int) async throws -> Double? {
    let lines = try await RawConnection.get(port, "/metrics").body.split(separator: "\n")
    return lines.first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
  }

  @Test("Metrics follow what the node does") func metrics() async throws {
    try await LocalCluster.with(nodes: 4) { cluster in
      let port = try Self.port(cluster, 0)
      _ = try await cluster.register(key: .generate())
      let client = try cluster.client(of: 0)
      let none = try #require(ContractID("none"))
      await #expect(throws: CairnError.self) { try await client.freeze(none, by: cluster.network.registrar) }
      await client.close()
      #expect(try await Self.metric("cairn_transactions_refused_total{reason=\"unknown_contract\"}", port) == 1)
      try await cluster.waitUntil {
        let height = try await Self.metric("cairn_height", port) ?? 0
        let peers = try await Self.metric("cairn_peers_connected", port)
        return height > 0 && peers == 3
      }
      #expect(try await Self.metric("cairn_transactions_committed_total", port) ?? 0 >= 1)
      #expect(try await Self.metric("cairn_contracts", port) == 0)
      #expect(try await Self.metric("cairn_open_proposals", port) == 0)
      #expect(try await Self.metric("cairn_view", port) ?? 0 >= 1)
      let committed = try await Self.metric("cairn_log_entries", port) ?? 0
      #expect(try await committed > Self.metric("cairn_height", port) ?? .infinity)
    }
  }

  @Test("A deactivated DID is gone, proven") func deactivated() async throws {
    try await LocalCluster.with(nodes: 1) { cluster in
      let key = SigningKey.generate()
      let agent = try await cluster.register(key: key)
      _ = try await cluster.client.deactivate(agent, keys: [key], by: cluster.network.registrar)
      let response = try await RawConnection.get(try Self.port(cluster, 0), "/1.0/identifiers/\(agent)")
      #expect(response.status == 410)
      #expect(try Self.verified(response.body, did: agent, anchor: cluster.network.anchor).isDeactivated)
    }
  }

  @Test("Every version is had by its number and by the time that metadata gives it, proven") func versions() async throws {
    try await LocalCluster.with(nodes: 1) { cluster in
      let key = SigningKey.generate()
      let agent = try await cluster.register(key: key)
      let port = try Self.port(cluster, 0)
      for version in 1...3 {
        var document = DIDDocument.signing(with: key.publicKey)
        document.alsoKnownAs = ["https://example.org/\(version)"]
        _ = try await cluster.client.update(agent, document: document, keys: [key], by: cluster.network.registrar)
      }
      for version in 0...3 {
        let response = try await RawConnection.get(port, "/1.0/identifiers/\(agent)?versionId=\(version)")
        #expect(response.status == 200)
        let json = try JSON(parsing: Array(response.body.utf8))
        let aliases = json["didDocument"]?["alsoKnownAs"]?.array?.compactMap(\.string) ?? []
        #expect(aliases == (version == 0 ? [] : ["https://example.org/\(version)"]))
        #expect(json["didDocumentMetadata"]?["nextVersionId"]?.string == (version < 3 ? "\(version + 1)" : nil))
        #expect(response.head.contains("immutable") == (version < 3))
      }
      let newest = try await RawConnection.get(port, "/1.0/identifiers/\(agent)")
      let updated = try #require(try JSON(parsing: Array(newest.body.utf8))["didDocumentMetadata"]?["updated"]?.string)
      let then = try await RawConnection.get(port, "/1.0/identifiers/\(agent)?versionTime=\(updated)")
      #expect(try JSON(parsing: Array(then.body.utf8))["didDocumentMetadata"]?["versionId"]?.string == "3")
      #expect(try await RawConnection.get(port, "/1.0/identifiers/\(agent)?versionId=4").status == 404)
      #expect(try await RawConnection.get(port, "/1.0/identifiers/\(agent)?versionTime=2001-01-01T00:00:00Z").status == 404)
    }
  }

  @Test("A node that has not heard of the others is alive, but not ready; a stopped one answers nothing")
  func readiness() async throws {
    try await LocalCluster.with(nodes: 4) { cluster in
      let port = try Self.port(cluster, 0)
      for index in 0..<4 { await cluster.stop(node: index) }
      await #expect(throws: (any Error).self) { try await RawConnection.open(port) }
      try await cluster.restart(node: 0)
      #expect(try await RawConnection.get(port, "/healthz").status == 200)
      let alone = try await RawConnection.get(port, "/readyz")
      #expect(alone.status == 503 && alone.body.contains("waiting_for_peers"))
      for index in 1..<4 { try await cluster.restart(node: index) }
      try await cluster.waitUntil { try await RawConnection.get(port, "/readyz").status == 200 }
    }
  }
}
