import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation
import Testing

@testable import CairnNode

/// The specification is judged by a client that was written from it in another language.
@Suite struct InteropTests {
  private struct Output: Decodable {
    struct Info: Decodable {
      let name: String
      let height: UInt64
      let node: String
      let quorum: Int
    }
    struct Resolution: Decodable {
      let did: String
      let exists: Bool
      let sequence: UInt64?
      let document: Document?
    }
    struct Document: Decodable { let id: String }

    let info: Info
    let resolutions: [Resolution]
    let signatures: Int
  }

  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Interop/cairn_rpc_client.py").path
  private static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first { FileManager.default.isExecutableFile(atPath: $0) }

  private let chain = TestChain()

  private func run(_ faces: TestFaces, network: Digest? = nil, key: PublicKey? = nil, _ dids: [String]) async throws -> (Int32, Data) {
    let process = Process()
    process.executableURL = URL(filePath: Self.python ?? "")
    process.arguments =
      [Self.script, "127.0.0.1", "\(faces.faces.clientPort)", "\(network ?? chain.genesis.network)"] + dids
      + ["--validators", Hex.encode(chain.genesis.validators.bytes)]
    if let key = key ?? faces.pinned { process.arguments?.append(contentsOf: ["--key", Hex.encode(key.bytes)]) }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    let ended = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { ended.continuation.yield($0.terminationStatus) }
    try process.run()
    let status = await ended.stream.first { _ in true } ?? -1
    return (status, try output.fileHandleForReading.readToEnd() ?? Data())
  }

  @Test(
    "The client in Python verifies what a node answers", .enabled(if: python != nil, "python3 is not installed"), arguments: [true, false])
  func verifies(tls: Bool) async throws {
    let dids = try (0..<5).map { try chain.enroll(100 + 2 * $0) }
    try chain.update(dids[1], 102, aliases: ["https://example.org"])
    try chain.update(chain.registrar, 1, aliases: ["https://registrar.example"])
    let absent = try chain.creation(500).subject
    try await TestFaces.with(chain, tls: tls) { faces in
      let asked = (dids + [absent, chain.registrar]).map(\.description)
      let (status, data) = try await run(faces, asked)
      #expect(status == 0)
      let output = try JSONDecoder().decode(Output.self, from: data)
      #expect(output.info.name == "services" && output.info.height == 7 && output.info.node == "node-0" && output.info.quorum == 3)
      #expect(output.resolutions.map(\.did) == asked)
      #expect(output.resolutions.map(\.exists) == asked.map { $0 != absent.description })
      #expect(output.resolutions.map(\.sequence) == [0, 1, 0, 0, 0, nil, 1])
      #expect(output.resolutions.compactMap(\.document?.id) == asked.filter { $0 != absent.description })
    }
  }

  @Test(
    "The client in Python refuses a wrong key, and is refused in a wrong network", .enabled(if: python != nil, "python3 is not installed"))
  func refuses() async throws {
    try await TestFaces.with(chain) { faces in
      let wrongKey = try await run(faces, key: key(77).publicKey, [])
      let wrongNetwork = try await run(faces, network: .zero, [])
      let wrongDID = try await run(faces, ["did:cairn:nothing"])
      #expect([wrongKey.0, wrongNetwork.0, wrongDID.0] == [1, 1, 1])
    }
  }
}
