import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
import NIOCore
import NIOPosix
import SwiftProtobuf

/// Resolutions over one `ResolveMany` stream of Cairn RPC, each verified.
struct StreamedReads: Sendable {
  let dids: [CairnDID]
  let verifier: AnswerVerifier
  let meter: ReadMeter

  private typealias Asked = (question: AnswerVerifier.Question, start: NIODeadline)

  func run(over connection: RPCConnection) async throws {
    let first = verifier.question(dids[0])
    let (asked, continuation) = AsyncStream.makeStream(of: Asked.self)
    continuation.yield((first, .now()))
    let stream = connection.stream(CairnMethod.resolveMany.rawValue, Self.encoded(first.request), last: false)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await ask(on: stream, continuation) }
      group.addTask { try await take(from: stream, asked) }
      try await group.waitForAll()
    }
  }

  /// As fast as the node grants credits.
  private func ask(on stream: RPCStream, _ asked: AsyncStream<Asked>.Continuation) async throws {
    var index = 1
    while !meter.isOver {
      let question = verifier.question(dids[index % dids.count])
      asked.yield((question, .now()))
      try await stream.write(Self.encoded(question.request))
      index += 1
    }
    asked.finish()
    stream.finish()
  }

  /// Answers come in the order of the questions.
  private func take(from stream: RPCStream, _ asked: AsyncStream<Asked>) async throws {
    var asked = asked.makeAsyncIterator()
    for try await message in stream {
      guard let (question, start) = await asked.next() else { break }
      let answer = try ProtoResolveAnswer(serializedBytes: Array(message.readableBytesView))
      do {
        try verifier.verify(answer.proven, of: question)
        meter.succeeded(since: start, byteCount: message.readableBytes)
      } catch {
        meter.failed((error as? LightClientError)?.reason ?? answer.failure.reason, isDishonest: answer.failure.reason.isEmpty)
      }
    }
  }

  private static func encoded(_ request: ProtoResolveRequest) -> ByteBuffer { ByteBuffer(bytes: Canonical.encode(request)) }
}

extension BenchCluster {
  /// Cairn RPC to a node without the client library.
  func connect(to node: DevnetNode, on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) async throws -> RPCConnection {
    guard let key = anchor.validators.validators.first(where: { $0.name == node.name })?.nodeKey else {
      preconditionFailure("every node of the network is in its trust anchor")
    }
    var hello = ProtoClientHello()
    hello.version = CairnMethod.protocolVersion
    hello.network = Data(anchor.network.bytes)
    hello.agent = "cairn/\(Version.product)"
    let configuration = RPCClientConfiguration(hello: ByteBuffer(bytes: Canonical.encode(hello))) { answer in
      let hello = try ProtoServerHello(serializedBytes: Array(answer.readableBytesView))
      return RPCSessionLimits(requestsInFlight: Int(hello.maxInFlight), streamCredits: Int(hello.streamCredits))
    }
    return try await RPCConnection.connect(
      host: "127.0.0.1", port: node.ports.clients, tls: try TLSClient.client(expecting: key, speaking: .rpc), configuration: configuration,
      group: group)
  }
}
