import CairnChain
import CairnCrypto
import CairnNetwork
import CairnStore
import Logging
import NIOCore
import NIOPosix

/// Where the requests of all connections come together: those that wait while the disk is busy are signed with one write.
///
/// Confined to one event loop.
final class SignerDesk {
  let signer: Signer
  let logger: Logger
  private let worker: NIOThreadPool
  private let loop: any EventLoop
  private let fail: @Sendable (StoreError) -> Void
  private var waiting: [Request] = []
  private var isBusy = false
  private var isStopped = false
  private var connections: [ObjectIdentifier: SignerServerConnection] = [:]

  struct Request {
    let connection: SignerServerConnection
    let id: UInt32
    let statement: Statement
  }

  /// - Parameter fail: called once; nothing is signed afterwards.
  init(_ signer: Signer, worker: NIOThreadPool, loop: any EventLoop, logger: Logger, fail: @escaping @Sendable (StoreError) -> Void) {
    (self.signer, self.worker, self.loop, self.logger, self.fail) = (signer, worker, loop, logger, fail)
  }

  func accept(_ channel: any Channel, securedBy tls: TLSServer?) throws {
    guard !isStopped else { throw ChannelError.ioOnClosedChannel }
    // A stranger that fills the room has to be faster than an honest handshake.
    if connections.count >= SignerLimits.connections {
      guard let oldest = connections.values.filter({ !$0.isGreeted }).min(by: { $0.openedAt < $1.openedAt }) else {
        throw ChannelError.ioOnClosedChannel
      }
      oldest.close(.timedOut)
    }
    try tls?.secure(channel)
    let connection = SignerServerConnection(self)
    connections[ObjectIdentifier(connection)] = connection
    try channel.pipeline.syncOperations.addHandler(connection.makeLink())
  }

  func left(_ connection: SignerServerConnection) { connections[ObjectIdentifier(connection)] = nil }

  func take(_ request: Request) {
    guard !isStopped else { return }
    waiting.append(request)
    signWaiting()
  }

  private func signWaiting() {
    guard !isBusy, !isStopped, !waiting.isEmpty else { return }
    isBusy = true
    let requests = waiting
    waiting = []
    let statements = requests.map(\.statement)
    worker.runIfActive(eventLoop: loop) { [signer] in try signer.sign(statements) }.assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(let answers):
        isBusy = false
        for (request, answer) in zip(requests, answers) { answered(request, answer) }
        signWaiting()
      case .failure(let error as StoreError):
        stop()
        fail(error)
      case .failure:
        // The worker was stopped: so is the desk.
        break
      }
    }
  }

  private func answered(_ request: Request, _ answer: Signer.Answer) {
    switch answer {
    case .success(let signature): request.connection.answer(request.id, .signed(signature))
    case .failure(let refusal):
      logger.warning(
        "Refused to sign",
        metadata: [
          "reason": "\(refusal.reason)", "kind": "\(request.statement.kind)", "epoch": "\(request.statement.epoch)",
          "view": "\(request.statement.view)",
        ])
      request.connection.answer(request.id, .refused(refusal))
    }
  }

  func stop() {
    isStopped = true
    waiting = []
    for connection in Array(connections.values) { connection.close(.closed) }
  }
}
