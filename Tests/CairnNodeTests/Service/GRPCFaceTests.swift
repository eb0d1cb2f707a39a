import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
import GRPCCore
import GRPCNIOTransportCore
import GRPCProtobuf
import NIOCore
import SwiftProtobuf
import Testing

@testable import CairnNode

@Suite struct GRPCFaceTests {
  private let chain = TestChain()

  @Test("Generated clients work over TLS and plain", arguments: [true, false]) func generated(tls: Bool) async throws {
    let did = try chain.enroll(100)
    let absent = try chain.creation(300).subject
    try await TestFaces.with(chain, tls: tls) { faces in
      try await faces.withGRPC { client in
        var reader = TestReader(chain)
        let resolver = ProtoResolver.Client(wrapping: client)
        #expect(try reader.resolved(did, try await resolver.resolve(resolveRequest(did.description)))?.did == did)
        #expect(try reader.resolved(absent, try await resolver.resolve(resolveRequest(absent.description))) == nil)
        let ledger = ProtoLedger.Client(wrapping: client)
        #expect(try await ledger.info(ProtoInfoRequest()) == faces.queries.info())
        let transaction = try chain.transaction([chain.creation(400)], signers: [1, 400])
        let response = try await ledger.submit(submitRequest([transaction.bytes], known: reader.known))
        #expect(try reader.transactions(response.results[0].receipt) == [transaction])
      }
    }
  }

  @Test("Both faces give the same bytes for every method") func equalBytes() async throws {
    let did = try chain.enroll(100)
    let transaction = try chain.transaction([chain.creation(300)], signers: [1, 300])
    try chain.commit([transaction])
    try chain.createList()
    try chain.update(set: [5])
    try chain.update(clear: [5])
    var known = ProtoKnown()
    known.logSize = 2
    let list = chain.list.description
    var proposal = ProtoProposalRequest()
    proposal.proposal = Data(repeating: 7, count: 32)
    let access = try AccessRequest(network: chain.genesis.network, principal: did, action: "use", resource: "shop", contract: "tools")
    let questions: [(CairnMethod, any SwiftProtobuf.Message)] = [
      (.resolve, resolveRequest(did.description, known)), (.history, historyRequest(did)),
      (.transaction, transactionRequest(transaction.id.bytes)), (.entry, entryRequest(1)), (.header, headerRequest(.height(0))),
      (.checkpoint, ProtoCheckpointRequest()), (.inclusionProof, inclusionRequest(1)), (.consistencyProof, consistencyRequest(1, 3)),
      (.info, ProtoInfoRequest()), (.epochs, ProtoEpochsRequest()), (.submit, submitRequest([transaction.bytes])),
      (.resolve, resolveRequest(did, at: .time(milliseconds: 0), withRoles: true)), (.status, statusRequest(list, 5, at: .height(4))),
      (.statusList, statusListRequest(list, at: .height(4))), (.proposal, proposal), (.proposals, ProtoProposalsRequest()),
      (.contract, ProtoContractRequest.with { $0.contract = "tools" }),
      (.authorize, ProtoAuthorizeRequest.with { $0.request = Data(access.bytes) }),
      (.authorize, ProtoAuthorizeRequest.with { $0.recorded = Data(access.id.bytes) }),
    ]
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      try await faces.withGRPC { client in
        for (method, request) in questions {
          let bytes = Canonical.encode(request)
          let answer = try await connection.call(method.rawValue, ByteBuffer(bytes: bytes))
          #expect(try await client.call(method, bytes) == [UInt8](answer.readableBytesView))
        }
        let others: Set<CairnMethod> = [.resolveMany, .nodeStatus, .publishStatusList, .events]
        #expect(others.union(questions.map(\.0)) == Set(CairnMethod.allCases))
      }
      await connection.close()
    }
  }

  @Test("ResolveMany answers in the order of the requests") func many() async throws {
    let dids = try (0..<10).map { try chain.enroll(100 + 2 * $0) }
    try await TestFaces.with(chain) { faces in
      try await faces.withGRPC { client in
        let resolver = ProtoResolver.Client(wrapping: client)
        try await resolver.resolveMany { writer in
          for number in 0..<100 {
            try await writer.write(resolveRequest(number % 11 == 10 ? "no DID" : dids[number % 11].description))
          }
        } onResponse: { response in
          var reader = TestReader(chain)
          var number = 0
          for try await answer in response.messages {
            if number % 11 == 10 {
              #expect(answer.failure.reason == "invalid_did")
            } else {
              #expect(try reader.resolved(dids[number % 11], answer.proven) != nil)
            }
            number += 1
          }
          #expect(number == 100)
        }
      }
    }
  }

  @Test("A failure carries the status, the failure message and google.rpc.Status") func failures() async throws {
    try await TestFaces.with(chain) { faces in
      try await faces.withGRPC { client in
        let error = try #require(await failure(client, .resolve, Canonical.encode(resolveRequest("did:web:example.org"))))
        #expect(error.code == .unimplemented)
        let details = try #require(try error.unpackGoogleRPCStatus()).details
        #expect(details.first?.errorInfo?.reason == "method_not_supported" && details.first?.errorInfo?.domain == "cairn")
        let bytes = try #require(error.metadata[binaryValues: GRPCFace.failureKey].first { _ in true })
        let failure = try ProtoFailure(serializedBytes: bytes)
        #expect(failure.reason == "method_not_supported" && failure.code == 12)
        #expect(failure.metadata["did_error"] == "https://www.w3.org/ns/did#METHOD_NOT_SUPPORTED")
      }
    }
  }

  @Test("What is too long, malformed or for the operator is refused") func limits() async throws {
    try await TestFaces.with(chain) { faces in
      try await faces.withGRPC { client in
        #expect(await failure(client, .resolve, [UInt8](repeating: 0, count: 300 << 10))?.code == .resourceExhausted)
        #expect(await failure(client, .resolve, [0x0a, 0xff])?.code == .invalidArgument)
        #expect(await failure(client, .submit, [UInt8](repeating: 0, count: 300 << 10))?.code == .invalidArgument)
        #expect(await failure(client, .nodeStatus, [])?.code == .unimplemented)
      }
    }
  }

  private func failure(_ client: GRPCTestClient, _ method: CairnMethod, _ request: [UInt8]) async -> GRPCCore.RPCError? {
    do {
      _ = try await client.call(method, request)
      return nil
    } catch {
      return error as? GRPCCore.RPCError
    }
  }

  @Test("The health service tells of each service, and watchers of the end") func health() async throws {
    let faces = try await TestFaces.start(chain)
    try await faces.withGRPC { client in
      let health = GRPCHealth.Client(wrapping: client)
      func request(_ service: String) -> GRPCHealthCheckRequest {
        var request = GRPCHealthCheckRequest()
        request.service = service
        return request
      }
      for service in ["", "cairn.v1.Resolver", "cairn.v1.Ledger"] {
        #expect(try await health.check(request(service)).status == .serving)
      }
      await #expect(throws: GRPCCore.RPCError.self) { try await health.check(request("cairn.v1.Admin")) }
      #expect(try await health.list(GRPCHealthListRequest()).statuses.keys.sorted() == ["", "cairn.v1.Ledger", "cairn.v1.Resolver"])
      let statuses = try await health.watch(request("")) { response in
        var statuses: [GRPCHealthCheckResponse.ServingStatus] = []
        for try await message in response.messages {
          statuses.append(message.status)
          if statuses.count == 1 { Task { await faces.stop() } }
        }
        return statuses
      }
      #expect(statuses == [.serving, .notServing])
    }
    await faces.stop()
  }

  @Test("Reflection lists the services and describes their files with imports") func reflection() async throws {
    try await TestFaces.with(chain) { faces in
      try await faces.withGRPC { client in
        var questions = [GRPCServerReflectionRequest](repeating: GRPCServerReflectionRequest(), count: 6)
        questions[0].listServices = ""
        questions[1].fileByFilename = "cairn/v1/rpc.proto"
        questions[2].fileContainingSymbol = "cairn.v1.Resolver"
        questions[3].fileContainingSymbol = "cairn.v1.Proven.payload"
        questions[4].fileContainingSymbol = "cairn.v1.Nothing"
        questions[5].fileByFilename = "nothing.proto"
        let asked = questions
        let answers = try await GRPCServerReflection.Client(wrapping: client).serverReflectionInfo { writer in
          try await writer.write(contentsOf: asked)
        } onResponse: { response in
          try await response.messages.reduce(into: [GRPCServerReflectionResponse]()) { $0.append($1) }
        }
        #expect(
          answers[0].listServicesResponse.service.map(\.name) == [
            "cairn.v1.Ledger", "cairn.v1.Resolver", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
          ])
        func files(_ answer: GRPCServerReflectionResponse) throws -> [String] {
          try answer.fileDescriptorResponse.fileDescriptorProto.map { try Google_Protobuf_FileDescriptorProto(serializedBytes: $0).name }
        }
        let all = ["cairn/v1/rpc.proto", "cairn/v1/access.proto", "cairn/v1/chain.proto", "cairn/v1/ledger.proto"]
        #expect(try files(answers[1]) == all)
        #expect(try files(answers[2]) == all)
        #expect(try files(answers[3]) == ["cairn/v1/chain.proto"])
        #expect(answers[4].errorResponse.errorCode == 5 && answers[5].errorResponse.errorCode == 5)
        #expect(answers.enumerated().allSatisfy { $1.originalRequest == asked[$0] })
      }
    }
  }
}
