import CairnChain
import CairnIdentity
import CairnMessages
import CairnNetwork
import CairnProtocol
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf
import NIOCore
import NIOPosix
import SwiftProtobuf

/// Resolutions over gRPC, one call each, on one connection whose TLS is pinned to the node's key.
struct GRPCReads: Sendable {
  let dids: [CairnDID]
  let verifier: AnswerVerifier
  /// Otherwise answers are taken as they are, to tell the face's cost from that of the verification.
  let isVerifying: Bool
  let meter: ReadMeter

  func run(_ client: GRPCClient<HTTP2ClientTransport.WrappedChannel>, inFlight count: Int) async throws {
    let resolver = ProtoResolver.Client(wrapping: client)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for start in 0..<count {
        group.addTask {
          var index = start
          while !meter.isOver {
            try await ask(resolver, dids[index % dids.count])
            index += count
          }
        }
      }
      try await group.waitForAll()
    }
  }

  private func ask(_ resolver: ProtoResolver.Client<HTTP2ClientTransport.WrappedChannel>, _ did: CairnDID) async throws {
    let question = verifier.question(did)
    let start = NIODeadline.now()
    do {
      let answer = try await resolver.resolve(question.request)
      if isVerifying { try verifier.verify(answer, of: question) }
      meter.succeeded(since: start, byteCount: 0)
    } catch let error as GRPCCore.RPCError {
      if meter.isOver { return }
      meter.failed("\(error.code)", isDishonest: false)
      throw error
    } catch {
      meter.failed((error as? LightClientError)?.reason ?? "unproven", isDishonest: true)
    }
  }
}

extension BenchCluster {
  func withGRPC<Result: Sendable>(
    to node: DevnetNode, _ body: (GRPCClient<HTTP2ClientTransport.WrappedChannel>) async throws -> Result
  ) async throws -> Result {
    guard let port = node.ports.grpc, let key = anchor.validators.validators.first(where: { $0.name == node.name })?.nodeKey else {
      preconditionFailure("the nodes of a local network speak gRPC, and are in their trust anchor")
    }
    let tls = try TLSClient.client(expecting: key, speaking: .grpc)
    let transport = try await HTTP2ClientTransport.WrappedChannel.wrapping { configure in
      try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try tls.secure(channel) }.flatMap { configure(channel) }
      }
    }
    return try await withGRPCClient(transport: transport) { try await body($0) }
  }
}
