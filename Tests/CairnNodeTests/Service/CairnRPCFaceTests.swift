import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import NIOCore
import SwiftProtobuf
import Testing

@testable import CairnNode

@Suite struct CairnRPCFaceTests {
  private let chain = TestChain()

  @Test("A client with the node's key and network resolves a DID", arguments: [true, false]) func resolve(tls: Bool) async throws {
    let did = try chain.enroll(100)
    try await TestFaces.with(chain, tls: tls) { faces in
      let connection = try await faces.connect()
      var reader = TestReader(chain)
      let answer: ProtoProven = try await connection.call(.resolve, resolveRequest(did.description))
      #expect(try reader.resolved(did, answer)?.did == did)
      await connection.close()
    }
  }

  @Test("A client of another network or version is refused") func hello() async throws {
    try await TestFaces.with(chain) { faces in
      for (version, network, reason) in [
        (UInt32(1), Digest.zero, "wrong_network"), (2, chain.genesis.network, "unknown_version"),
        (0, chain.genesis.network, "unknown_version"),
      ] {
        do throws(CairnNetwork.RPCError) {
          _ = try await connected(faces, version, network)
          Issue.record("the hello was accepted")
        } catch {
          #expect(refusal(error)?.failure.reason == reason)
          #expect(refusal(error)?.status == .failedPrecondition)
        }
      }
    }
  }

  private func connected(_ faces: TestFaces, _ version: UInt32, _ network: Digest) async throws(CairnNetwork.RPCError) -> RPCConnection {
    do { return try await faces.connect(version: version, network: network) } catch {
      throw error as? CairnNetwork.RPCError ?? .cancelled
    }
  }

  @Test("Failures carry a reason, a sentence and the DID error") func failures() async throws {
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      let invalid = await connection.failure(
        CairnMethod.resolve.rawValue, ByteBuffer(bytes: Canonical.encode(resolveRequest("did:cairn:x"))))
      #expect(invalid?.status == .invalidArgument && invalid?.failure.code == 3 && invalid?.failure.reason == "invalid_did")
      #expect(invalid?.failure.domain == "cairn" && invalid?.failure.message.hasSuffix(".") == true)
      #expect(invalid?.failure.metadata["did_error"] == "https://www.w3.org/ns/did#INVALID_DID")
      let malformed = await connection.failure(CairnMethod.resolve.rawValue, ByteBuffer(bytes: [0x0a, 0xff]))
      #expect(malformed?.status == .invalidArgument && malformed?.failure.reason == "malformed_request")
      for method: UInt16 in [0, 12, 999, CairnMethod.nodeStatus.rawValue] {
        let unknown = await connection.failure(method, ByteBuffer())
        #expect(unknown?.status == .unimplemented && unknown?.failure.reason == "unknown_method")
      }
      let large = await connection.failure(CairnMethod.resolve.rawValue, ByteBuffer(repeating: 0, count: 300 << 10))
      #expect(large?.status == .resourceExhausted && large?.failure.reason == "request_too_large")
      #expect(large?.failure.metadata["retry_after_ms"] != nil)
      await connection.close()
    }
  }

  @Test("The operator's listener has the node's status, and every other method") func admin() async throws {
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connectAdmin()
      let status: ProtoNodeStatus = try await connection.call(.nodeStatus, ProtoNodeStatusRequest())
      #expect(status.voting && status.info.node == "node-0")
      let info: ProtoInfo = try await connection.call(.info, ProtoInfoRequest())
      #expect(info == faces.queries.info())
      await connection.close()
    }
  }

  @Test("ResolveMany answers in the order of the requests, failures included") func many() async throws {
    let dids = try (0..<40).map { try chain.enroll(100 + 2 * $0) }
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      let long = String(repeating: "x", count: 2000)
      let texts = (0..<200).map { $0 % 50 == 0 ? long : $0 % 7 == 3 ? "did:cairn:wrong\($0)" : dids[$0 % dids.count].description }
      let requests = texts.map { ByteBuffer(bytes: Canonical.encode(resolveRequest($0))) }
      let stream = connection.stream(CairnMethod.resolveMany.rawValue, requests[0], last: false)
      async let written: Void = {
        for request in requests.dropFirst() { try await stream.write(request) }
        stream.finish()
      }()
      var reader = TestReader(chain)
      var position = 0
      for try await message in stream {
        let answer = try ProtoResolveAnswer(serializedBytes: [UInt8](message.readableBytesView))
        if position % 50 == 0 {
          #expect(answer.failure.reason == "request_too_large")
        } else if position % 7 == 3 {
          #expect(answer.failure.reason == "invalid_did")
        } else {
          let did = dids[position % dids.count]
          #expect(try reader.resolved(did, answer.proven)?.did == did)
        }
        position += 1
      }
      try await written
      #expect(position == texts.count)
      await connection.close()
    }
  }

  @Test("A single request of ResolveMany is answered, and the stream ends") func manyOfOne() async throws {
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      let request = ByteBuffer(bytes: Canonical.encode(resolveRequest(chain.registrar.description)))
      let stream = connection.stream(CairnMethod.resolveMany.rawValue, request, last: true)
      var count = 0
      for try await _ in stream { count += 1 }
      #expect(count == 1)
      await connection.close()
    }
  }

  @Test("Requests whose answers nobody takes are not answered ahead") func backPressure() async throws {
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      let request = ByteBuffer(bytes: Canonical.encode(resolveRequest(chain.registrar.description)))
      let stream = connection.stream(CairnMethod.resolveMany.rawValue, request, last: false)
      let before = chain.lookCount
      for _ in 0..<40 { try await stream.write(request) }
      _ = try await connection.call(.info, ProtoInfoRequest(), ProtoInfo.self)
      // As many as the client has credits for, and the question just asked.
      #expect(chain.lookCount - before <= CairnRPCFace.limits.streamCredits + 1)
      stream.finish()
      var count = 0
      for try await _ in stream { count += 1 }
      #expect(count == 41)
      await connection.close()
    }
  }

  @Test("A failure of the node itself is an internal error") func broken() async throws {
    chain.breakDown()
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      let failure = await connection.failure(
        CairnMethod.transaction.rawValue, ByteBuffer(bytes: Canonical.encode(transactionRequest(Digest.zero.bytes))))
      #expect(failure?.status == .internal && failure?.failure.reason == "storage_failed")
      await connection.close()
    }
  }
}
