import CairnChain
import CairnNetwork
import Logging
import NIOCore

/// One node at the signer: a hello, then requests. Confined to the desk's event loop.
final class SignerServerConnection: FrameLinkDelegate {
  let openedAt = NIODeadline.now()
  private(set) var isGreeted = false
  private let desk: SignerDesk
  private var link: FrameLink?
  private var timer: Scheduled<Void>?
  private var waitingCount = 0

  init(_ desk: SignerDesk) { self.desk = desk }

  /// The last handler of the connection's channel.
  func makeLink() -> FrameLink { FrameLink(limits: FrameLinkLimits(payloadByteCount: SignerMessage.byteLimit), delegate: self) }

  func close(_ reason: FrameLinkError) { link?.abort(reason) }

  func linkDidOpen(_ link: FrameLink) {
    self.link = link
    timer = link.channel?.eventLoop.assumeIsolated().scheduleTask(in: SignerLimits.handshakeTimeout) { [weak self] in
      self?.close(.timedOut)
    }
  }

  func link(_ link: FrameLink, didReceive frame: Frame) {
    guard frame.flags == .last, let message = SignerMessage(code: frame.code, decoding: Array(frame.payload.readableBytesView)) else {
      return link.abort(.violation("malformed"))
    }
    switch message {
    case .hello(let hello) where !isGreeted && frame.requestID == 0: greet(hello)
    case .sign(let statement) where isGreeted && frame.requestID != 0: take(statement, frame.requestID)
    default: link.abort(.violation("unexpected_message"))
    }
  }

  private func greet(_ hello: SignerHello) {
    let own = SignerHello(network: desk.signer.network, key: desk.signer.publicKey)
    let refusal = own.refusal(of: hello) ?? (desk.signer.isCurrent(rememberedBy: hello.vote) ? nil : .recordStale)
    if let refusal {
      desk.logger.error("Refused a node", metadata: ["reason": "\(refusal.reason)"])
      send(0, .refused(refusal))
      link?.close(.violation(refusal.reason))
      return
    }
    isGreeted = true
    timer?.cancel()
    send(0, .hello(own))
    desk.logger.info("A node is connected")
  }

  private func take(_ statement: Statement, _ id: UInt32) {
    guard waitingCount < SignerLimits.waitingRequests else { return send(id, .refused(.overloaded)) }
    waitingCount += 1
    desk.take(SignerDesk.Request(connection: self, id: id, statement: statement))
  }

  func answer(_ id: UInt32, _ message: SignerMessage) {
    waitingCount -= 1
    send(id, message)
  }

  private func send(_ id: UInt32, _ message: SignerMessage) {
    link?.send(Frame(requestID: id, code: message.code, payload: ByteBuffer(bytes: message.bytes)))
  }

  func linkDidBecomeWritable(_ link: FrameLink) {}

  func link(_ link: FrameLink, didClose reason: FrameLinkError) {
    timer?.cancel()
    self.link = nil
    desk.left(self)
    if isGreeted { desk.logger.info("A node has left", metadata: ["reason": "\(reason.reason)"]) }
  }
}
