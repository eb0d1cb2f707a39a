import CairnCrypto
import CairnIdentity
import Foundation
import Testing

/// Tokens are judged by an implementation of JSON Web Tokens that is not ours: PyJWT, installed into a virtual environment of its own.
@Suite("Tokens and PyJWT") struct TokenInteropTests {
  /// A Python that has PyJWT, installed when need be.
  private enum Judge {
    static let python = Task { await find() }

    private static func find() async -> String? {
      guard let system = ["/usr/bin/python3", "/usr/local/bin/python3"].first(where: FileManager.default.isExecutableFile) else {
        return nil
      }
      let directory = FileManager.default.temporaryDirectory.appendingPathComponent("cairn-interop-python").path
      let own = directory + "/bin/python3"
      for candidate in [system, own] where await isUsable(candidate) { return candidate }
      guard await TokenInteropTests.run(system, ["-m", "venv", directory]).status == 0 else { return nil }
      let packages = ["-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "10", "PyJWT>=2.10,<3", "cryptography>=42"]
      guard await TokenInteropTests.run(own, packages).status == 0 else { return nil }
      return await isUsable(own) ? own : nil
    }

    private static func isUsable(_ python: String) async -> Bool {
      guard FileManager.default.isExecutableFile(atPath: python) else { return false }
      return await TokenInteropTests.run(python, ["-c", "import jwt, cryptography"]).status == 0
    }
  }

  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Interop/vc_jwt.py").path

  private static func run(_ executable: String, _ arguments: [String]) async -> (status: Int32, output: [UInt8]) {
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    return await withCheckedContinuation { continuation in
      Thread {
        do {
          try process.run()
          let bytes = [UInt8](try output.fileHandleForReading.readToEnd() ?? Data())
          process.waitUntilExit()
          continuation.resume(returning: (process.terminationStatus, bytes))
        } catch {
          continuation.resume(returning: (-1, []))
        }
      }.start()
    }
  }

  private func python(_ arguments: [String]) async throws -> (status: Int32, output: [UInt8]) {
    let python = try #require(await Judge.python.value)
    return await Self.run(python, [Self.script] + arguments)
  }

  /// The key, the DID that has it, and the DID's document in a directory.
  private struct Issuer {
    let key: SigningKey
    let did: CairnDID
    let document: [UInt8]
    let directory: URL

    init() throws {
      key = SigningKey.generate()
      let network = Digest.sha256(Array("interop".utf8))
      did = CairnDID(network: network, create: .sha256(key.publicKey.bytes))
      document = DIDDocument(verificationMethods: [
        DIDDocument.VerificationMethod(
          fragment: "key-1", multikey: Multikey(key.publicKey).bytes, purposes: [.authentication, .assertionMethod])
      ]).json(did: did, controller: nil)
      directory = FileManager.default.temporaryDirectory.appendingPathComponent("cairn-interop-\(UUID())")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    func write(_ bytes: [UInt8], _ name: String) throws -> String {
      let url = directory.appendingPathComponent(name)
      try Data(bytes).write(to: url)
      return url.path
    }
  }

  private let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970) * 1_000)

  private func credential(_ signer: CredentialSigner) throws -> AgentCredential {
    try AgentCredential(
      issuer: signer.did, subject: DID(parsing: "did:example:agent"), role: "deployer", permissions: ["tool:deploy"], validFrom: now)
  }

  private static let isInstalled: @Sendable () async throws -> Bool = { await Judge.python.value != nil }

  @Test(
    "PyJWT verifies our token by the DID document, and refuses a changed one",
    .enabled("PyJWT is not here, and cannot be installed", isInstalled))
  func ours() async throws {
    let issuer = try Issuer()
    defer { try? FileManager.default.removeItem(at: issuer.directory) }
    let signer = try CredentialSigner(did: issuer.did, fragment: "key-1", key: issuer.key)
    let token = try credential(signer).token(by: signer).bytes
    let document = try issuer.write(issuer.document, "document.json")
    let good = try await python(["verify", issuer.write(token, "token"), document])
    #expect(good.status == 0)
    let payload = try JSON(parsing: Array(good.output.prefix { $0 != UInt8(ascii: "\n") }))
    #expect(payload["credentialSubject"]?["role"]?.string == "deployer")
    #expect(payload["iss"]?.string == issuer.did.description)
    var changed = token
    changed[changed.count - 10] = changed[changed.count - 10] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
    #expect(try await python(["verify", issuer.write(changed, "changed"), document]).status != 0)
  }

  @Test(
    "We verify a token of PyJWT, and refuse it when another key signed", .enabled("PyJWT is not here, and cannot be installed", isInstalled)
  )
  func theirs() async throws {
    let issuer = try Issuer()
    defer { try? FileManager.default.removeItem(at: issuer.directory) }
    let signer = try CredentialSigner(did: issuer.did, fragment: "key-1", key: issuer.key)
    let members = try #require(try credential(signer).json().object)
    let claims = JSON.object(
      members + [
        JSON.Member("iss", .string(issuer.did.description)), JSON.Member("iat", .number(now.numericDate)),
        JSON.Member("exp", .number(now.numericDate + 3_600)),
      ])
    let payload = try issuer.write(JCS.encode(claims), "payload.json")
    var policy = VerificationPolicy(now: now)
    policy.requiredStatusPurposes = []
    let facts = CredentialFacts(documents: [signer.did: .active(issuer.document)])
    for (seed, reasons) in [(issuer.key.seed, []), (SigningKey.generate().seed, ["bad_issuer_signature"])] {
      let made = try await python(["issue", payload, signer.tokenKeyID.description, Hex.encode(seed)])
      #expect(made.status == 0)
      let token = Array(made.output.prefix { $0 != UInt8(ascii: "\n") })
      let verdict = CredentialInspection(of: token).verify(with: facts, under: policy)
      #expect(verdict.refusals.map(\.reason) == reasons)
    }
  }
}
