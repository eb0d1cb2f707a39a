import CairnCrypto
import NIOCore
import NIOPosix

@testable import CairnNetwork

/// The far end of one connection, in the test's hand: it sends what it likes.
struct RawPeer: Sendable {
  let channel: any Channel
  /// What it receives; finished when the connection is closed.
  let frames: History<Frame>

  /// Connects to a node as the holder of `key`.
  static func connect(to port: Int, on group: any EventLoopGroup, as key: SigningKey, expecting node: PublicKey) async throws -> RawPeer {
    let client = try TLSClient.peer(NodeIdentity(key), expecting: node)
    let frames = History<Frame>()
    let channel = try await ClientBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try client.secure(channel)
          try collect(from: channel, into: frames)
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    return RawPeer(channel: channel, frames: frames)
  }

  /// Connects without TLS.
  static func connectPlain(to port: Int, on group: any EventLoopGroup) async throws -> RawPeer {
    let frames = History<Frame>()
    let channel = try await ClientBootstrap(group: group)
      .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try collect(from: channel, into: frames) } }
      .connect(host: "127.0.0.1", port: port).get()
    return RawPeer(channel: channel, frames: frames)
  }

  static func collect(from channel: any Channel, into frames: History<Frame>) throws {
    try channel.pipeline.syncOperations.addHandlers(
      ByteToMessageHandler(FrameDecoder(payloadLimit: 1 << 20)), FrameCollector(frames: frames))
  }

  func write(_ code: UInt16, requestID: UInt32 = 0, _ payload: [UInt8] = []) {
    var bytes = ByteBuffer()
    bytes.writeFrame(Frame(requestID: requestID, code: code, payload: ByteBuffer(bytes: payload)))
    channel.writeAndFlush(bytes, promise: nil)
  }

  func write(bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

  /// Says hello and waits for the answer.
  func greet(_ hello: [UInt8] = [9]) async throws {
    write(ControlCode.hello.rawValue, hello)
    try await frames.wait { $0.code == ControlCode.hello.rawValue }
  }

  func waitUntilClosed() async throws { try await channel.closeFuture.get() }
}

/// A listener in the test's hand: a peer that a node dials.
struct RawListener: Sendable {
  let channel: any Channel
  let accepted: History<RawPeer>

  var address: PeerAddress { PeerAddress(host: "127.0.0.1", port: channel.localAddress?.port ?? 0) }

  static func start(on group: any EventLoopGroup, as key: SigningKey) async throws -> RawListener {
    let server = try TLSServer.peers(NodeIdentity(key), accepting: { _ in true })
    let accepted = History<RawPeer>()
    let channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let frames = History<Frame>()
          try server.secure(channel)
          try RawPeer.collect(from: channel, into: frames)
          accepted.append(RawPeer(channel: channel, frames: frames))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return RawListener(channel: channel, accepted: accepted)
  }

  /// The n-th connection, counted from 0.
  func connection(_ number: Int) async throws -> RawPeer {
    try await accepted.wait(times: number + 1) { _ in true }
    return accepted.events[number]
  }

  func close() async {
    for peer in accepted.events { try? await peer.channel.close() }
    try? await channel.close()
  }
}

private final class FrameCollector: ChannelInboundHandler {
  typealias InboundIn = Frame

  private let frames: History<Frame>

  init(frames: History<Frame>) { self.frames = frames }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { frames.append(unwrapInboundIn(data)) }

  func channelInactive(context: ChannelHandlerContext) { frames.finish() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
