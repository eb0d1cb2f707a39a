import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnTestKit
import Foundation
import Testing

/// The HTTP interface is judged by others' code: a client in Python that was written from the documentation, over a library for DIDs.
@Suite struct InteropTests {
  private struct Output: Decodable {
    struct Resolution: Decodable {
      let versions: Int
      let methods: Int
    }
    struct Failure: Decodable, Equatable {
      let status: Int
      let type: String

      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        (status, type) = (try container.decode(Int.self), try container.decode(String.self))
      }

      init(_ status: Int, _ type: String) { (self.status, self.type) = (status, type) }
    }
    let resolutions: [Resolution]
    let errors: [String: Failure]
    let signatures: Int
  }

  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Interop/did_resolution.py").path

  @Test(
    "pydid takes the documents, and the proofs convince a verifier in Python",
    .enabled("Python with the packages pydid and cryptography is not to be had here") { await PythonEnvironment.shared.value != nil })
  func resolves() async throws {
    let environment = try #require(await PythonEnvironment.shared.value)
    defer { environment.discard() }
    try await LocalCluster.with(nodes: 4) { cluster in
      let (key, network) = (SigningKey.generate(), cluster.network)
      let agent = try await cluster.register(key: key)
      var document = DIDDocument.signing(with: key.publicKey)
      document.services = [.init(fragment: "inbox", types: ["Inbox"], endpoints: ["https://example.org/inbox"])]
      for alias in ["https://example.org/1", "https://example.org/2"] {
        document.alsoKnownAs = [alias]
        _ = try await cluster.client.update(agent, document: document, keys: [key], by: network.registrar)
      }
      let gone = try await cluster.register(key: key)
      _ = try await cluster.client.deactivate(gone, keys: [key], by: network.registrar)
      let newest = try #require(cluster.height(of: 0))
      try await cluster.waitUntil { (cluster.height(of: 1) ?? 0) >= newest }
      let absent = CairnDID(network: network.genesis.network, create: .sha256([9]))
      let url = try #require(cluster.httpURL(of: 1))
      let ran = await environment.run([
        Self.script, url, "\(network.genesis.network)", Hex.encode(network.genesis.validators.bytes), "\(agent)",
        "\(network.registrar.did)", "--gone", "\(gone)", "--absent", "\(absent)",
      ])
      let result = try #require(ran)
      #expect(result.status == 0, "\(result.errors)")
      let output = try JSONDecoder().decode(Output.self, from: result.output)
      #expect(output.resolutions.map(\.versions) == [3, 1])
      #expect(output.resolutions.map(\.methods) == [2, 2])
      #expect(output.signatures >= 3 * 5)
      #expect(
        output.errors == [
          "absent": .init(404, "NOT_FOUND"), "invalid": .init(400, "INVALID_DID"), "other": .init(501, "METHOD_NOT_SUPPORTED"),
          "option": .init(400, "INVALID_OPTIONS"), "feature": .init(501, "FEATURE_NOT_SUPPORTED"),
        ])
    }
  }
}
