import CairnNetwork
import NIOCore
import NIOEmbedded

extension FuzzTarget {
  /// Everything that a client may send after it has connected: hello, requests, streams, credits, cancellations, in any order.
  static let rpc = FuzzTarget(
    "rpc", "what a client of Cairn RPC sends on one connection, frame by frame", byteLimit: 8 << 10,
    seeds: {
      let hello = Frame(requestID: 0, code: 0, payload: ByteBuffer(string: "hello"))
      let credit = Frame(requestID: 3, code: 0, flags: .credit, payload: ByteBuffer(integer: UInt32(8)))
      let frames = [
        Frame(requestID: 1, code: 1, payload: ByteBuffer(string: "one answer")),
        Frame(requestID: 3, code: 2, flags: [], payload: ByteBuffer(string: "stream")), credit,
        Frame(requestID: 3, code: 2, flags: [], payload: ByteBuffer(string: "goes on")),
        Frame(requestID: 3, code: 2, payload: ByteBuffer()),
        Frame(requestID: 5, code: 3, payload: ByteBuffer(string: "held")), Frame(requestID: 5, code: 0, flags: .cancel),
        Frame(requestID: 7, code: 4, payload: ByteBuffer(string: "refused")),
      ]
      return [bytes(of: [hello] + frames), bytes(of: [hello, frames[0], frames[5], frames[7]]), bytes(of: [hello])]
    }
  ) { input in
    let channel = EmbeddedChannel()
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    var limits = RPCLimits()
    (limits.messageByteCount, limits.batchMessageByteCount, limits.requestsInFlight) = (1_024, 2_048, 16)
    try channel.pipeline.syncOperations.addHandler(RPCServer.makeLink(EchoService(), limits: limits))
    channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    // In pieces, as they come from a network.
    var (rest, answers) = (input[...], ByteBuffer())
    while !rest.isEmpty, channel.isActive {
      let piece = rest.prefix(97)
      rest = rest.dropFirst(piece.count)
      channel.pipeline.fireChannelRead(ByteBuffer(bytes: piece))
      channel.pipeline.fireChannelReadComplete()
      channel.embeddedEventLoop.run()
      while var sent = try channel.readOutbound(as: ByteBuffer.self) { answers.writeBuffer(&sent) }
    }
    var decoder = FrameDecoder(payloadLimit: limits.answerByteCount)
    var count = 0
    while try decoder.decode(buffer: &answers) != nil { count += 1 }
    try require(answers.readableBytes == 0, "what the server sent is no frame")
    return count > 1
  }

  private static func bytes(of frames: [Frame]) -> [UInt8] {
    var buffer = ByteBuffer()
    for frame in frames { buffer.writeFrame(frame) }
    return Array(buffer.readableBytesView)
  }

  /// Answers in each of the ways that a service may.
  private struct EchoService: RPCServerHandler {
    func greet(_ hello: ByteBuffer, from client: SocketAddress?) throws(RPCRefusal) -> ByteBuffer { hello }

    func handle(_ call: RPCServerCall, _ payload: ByteBuffer) {
      switch call.method & 3 {
      case 1: call.reply(payload)
      case 2:
        call.send(payload)
        call.onInput { input in
          switch input {
          case .message(let message):
            call.send(message)
            call.consumed()
          case .end: call.send(ByteBuffer(), last: true)
          }
        }
      case 3: call.onCancel { call.fail(RPCRefusal(.cancelled)) }
      default: call.fail(RPCRefusal(.notFound, payload))
      }
    }

    func refusal(because reason: RPCRefusalReason) -> RPCRefusal { RPCRefusal(reason.status, ByteBuffer(string: reason.reason)) }
  }
}
