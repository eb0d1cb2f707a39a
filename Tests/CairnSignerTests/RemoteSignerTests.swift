import CairnChain
import CairnCrypto
import CairnNetwork
import CairnStore
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import CairnSigner

@Suite("A node's signer over a socket", .timeLimit(.minutes(2))) struct RemoteSignerTests {
  private let x = Digest.sha256([1])
  private let nodeKey = SigningKey.key(20)
  private let signerKey = SigningKey.key(21)

  private func serve(_ folder: Folder, at address: SignerAddress? = nil) async throws -> SignerServer {
    try await SignerServer.start(
      try folder.signer(), at: address ?? folder.socket,
      access: SignerServer.Access(identity: try NodeIdentity(signerKey), nodes: [nodeKey.publicKey]), logger: .silent)
  }

  @Test("A vote is signed over a Unix socket that its owner alone can open") func unix() async throws {
    let folder = try Folder()
    try folder.create()
    let server = try await serve(folder)
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/signer.sock")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let node = try await TestNode(server.address)
    let statement = Statement.notarize(epoch: 0, view: 1, digest: x)
    let signature = try #require(try await node.ask(statement).signature)
    #expect(SigningKey.test.publicKey.isValid(signature, for: statement.signedBytes(network: .test)))
    #expect(try await node.ask(.notarize(epoch: 0, view: 1, digest: .zero)).problem == .refused(.conflict))
    await node.stop()
    await server.shutdown()
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/signer.sock"))
  }

  @Test("Over TLS both keys are pinned") func tls() async throws {
    let folder = try Folder()
    try folder.create()
    let server = try await serve(folder, at: .tls(HostAndPort(host: "127.0.0.1", port: 0)))
    let node = try await TestNode(server.address, nodeKey: nodeKey, signerKey: signerKey.publicKey)
    #expect(try await node.ask(.nullify(epoch: 0, view: 1)).signature != nil)
    await node.stop()
    for (nodeKey, signerKey) in [(SigningKey.key(30), signerKey), (nodeKey, SigningKey.key(31))] {
      let stranger = try await TestNode(server.address, nodeKey: nodeKey, signerKey: signerKey.publicKey, timeoutMilliseconds: 300)
      #expect(try await stranger.ask(.nullify(epoch: 0, view: 2)).problem == .late)
      #expect(try await stranger.status().problem != nil)
      await stranger.stop()
    }
    await server.shutdown()
  }

  @Test("Two nodes that ask one signer never get signatures of statements that exclude each other") func twoNodes() async throws {
    let folder = try Folder()
    try folder.create()
    let server = try await serve(folder)
    let nodes = [try await TestNode(server.address), try await TestNode(server.address)]
    for view in UInt64(1)...20 {
      let statements: [Statement] = [.nullify(epoch: 0, view: view), .finalize(epoch: 0, view: view, digest: x)]
      async let first = nodes[Int(view % 2)].ask(statements[0])
      async let second = nodes[Int((view + 1) % 2)].ask(statements[1])
      let answers = try await [first, second]
      #expect(answers.count { $0.signature != nil } == 1)
      #expect(answers.count { $0.problem == .refused(.conflict) } == 1)
    }
    for node in nodes { await node.stop() }
    await server.shutdown()
  }

  @Test("A request outlives the connection, and is answered by a signer that comes back before its deadline") func comesBack() async throws
  {
    let folder = try Folder()
    try folder.create()
    let node = try await TestNode(folder.socket, timeoutMilliseconds: 60_000)
    async let answer = node.ask(.nullify(epoch: 0, view: 1))
    let server = try await serve(folder)
    #expect(try await answer.signature != nil)
    #expect(try await node.status().problem == nil)
    await server.shutdown()
    try await node.wait(for: "unreachable")
    await node.stop()
  }

  @Test("Without a signer a request fails at its deadline") func absent() async throws {
    let folder = try Folder()
    let node = try await TestNode(folder.socket, timeoutMilliseconds: 50)
    #expect(try await node.ask(.nullify(epoch: 0, view: 1)).problem == .late)
    try await node.wait(for: "unreachable")
    await node.stop()
  }

  @Test("A signer of another network or another key is not asked for anything") func otherSigner() async throws {
    let folder = try Folder()
    try folder.create()
    let server = try await serve(folder)
    for (network, key) in [(Digest.zero, SigningKey.test), (.test, .key(9))] {
      let node = try await TestNode(server.address, network: network, key: key, timeoutMilliseconds: 100)
      #expect(try await node.ask(.nullify(epoch: 0, view: 1)).problem == .late)
      try await node.wait(for: network == .zero ? "wrong_network" : "wrong_key")
      await node.stop()
    }
    await server.shutdown()
  }

  @Test("A node that remembers a vote which the signer's record lacks is refused, and so is every other") func stale() async throws {
    let folder = try Folder()
    try folder.create()
    let server = try await serve(folder)
    let statement = Statement.nullify(epoch: 3, view: 9)
    let vote = Vote(
      statement: statement, validator: 0, signature: SigningKey.test.signature(for: statement.signedBytes(network: .test)))
    let first = try await TestNode(server.address)
    #expect(try await first.ask(.nullify(epoch: 0, view: 1)).signature != nil)
    let second = try await TestNode(server.address, highestVote: vote, timeoutMilliseconds: 200)
    #expect(try await second.ask(.nullify(epoch: 3, view: 10)).problem == .late)
    try await second.wait(for: "record_stale")
    #expect(try await first.ask(.nullify(epoch: 0, view: 2)).problem == .refused(.recordStale))
    for node in [first, second] { await node.stop() }
    await server.shutdown()
  }

  @Test("What is no message ends the connection, and the signer goes on") func hostile() async throws {
    let folder = try Folder()
    try folder.create()
    let server = try await serve(folder)
    let hello = SignerMessage.hello(SignerHello(network: .test, key: SigningKey.test.publicKey))
    let sign = SignerMessage.sign(.nullify(epoch: 0, view: 1))
    for frames in [
      [Frame(requestID: 1, code: sign.code, payload: ByteBuffer(bytes: sign.bytes))],
      [Frame(requestID: 0, code: 99)], [Frame(requestID: 0, code: hello.code, payload: ByteBuffer(bytes: hello.bytes.dropLast()))],
      [Frame(requestID: 0, code: hello.code, payload: ByteBuffer(repeating: 0, count: 4_096))],
      [Frame(requestID: 5, code: hello.code, payload: ByteBuffer(bytes: hello.bytes))],
      Array(repeating: Frame(requestID: 0, code: hello.code, payload: ByteBuffer(bytes: hello.bytes)), count: 2),
    ] {
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(unixDomainSocketPath: folder.path + "/signer.sock").get()
      var bytes = ByteBuffer()
      for frame in frames { bytes.writeFrame(frame) }
      try await channel.writeAndFlush(bytes)
      try await channel.closeFuture.get()
    }
    let node = try await TestNode(server.address)
    #expect(try await node.ask(.nullify(epoch: 0, view: 1)).signature != nil)
    await node.stop()
    await server.shutdown()
  }

  @Test("A record that cannot be written ends the signer, and nothing more is signed") func failingDisk() async throws {
    let folder = try Folder()
    try folder.create()
    let faults = OneFault()
    let server = try await SignerServer.start(
      try folder.signer(faults: faults), at: folder.socket,
      access: SignerServer.Access(identity: try NodeIdentity(signerKey), nodes: []), logger: .silent)
    let node = try await TestNode(server.address, timeoutMilliseconds: 200)
    faults.arm(.safetySync, before: true)
    #expect(try await node.ask(.nullify(epoch: 0, view: 1)).problem == .late)
    #expect(await server.ended() == .io(path: "test", detail: "crashed"))
    await node.stop()
    await server.shutdown()
  }

  @Test("A second signer does not take the socket of one that listens") func takenSocket() async throws {
    let (folder, other) = (try Folder(), try Folder())
    try folder.create()
    try other.create()
    let server = try await serve(folder)
    await #expect(throws: SignerServerError.addressInUse(folder.socket)) { try await serve(other, at: folder.socket) }
    await server.shutdown()
  }
}

/// A node as its signer sees it.
final class TestNode: Sendable {
  struct Answer: Sendable {
    var signature: CairnCrypto.Signature?
    var problem: SigningProblem?
  }

  private let signer: NIOLoopBound<RemoteSigner>
  private let waiting: NIOLoopBound<Box>

  private final class Box {
    var promises: [Statement: EventLoopPromise<Answer>] = [:]
  }

  init(
    _ address: SignerAddress, network: Digest = .test, key: SigningKey = .test, nodeKey: SigningKey = .key(20), signerKey: PublicKey? = nil,
    highestVote: Vote? = nil, timeoutMilliseconds: UInt64 = 30_000
  ) async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let settings = RemoteSignerSettings(address: address, signerKey: signerKey, timeoutMilliseconds: timeoutMilliseconds)
    (signer, waiting) = try await loop.submit {
      let made = try settings.make(network: network, key: key.publicKey, nodeKey: nodeKey, on: loop, logger: .silent)
      guard let signer = made as? RemoteSigner else { preconditionFailure("these settings make this signer") }
      let box = Box()
      signer.start(
        VoteSignerClient(highestVote: { highestVote }) { answer in
          switch answer {
          case .signed(let statement, let signature):
            box.promises.removeValue(forKey: statement)?.succeed(Answer(signature: signature))
          case .failed(let statement, let problem): box.promises.removeValue(forKey: statement)?.succeed(Answer(problem: problem))
          }
        })
      return (NIOLoopBound(signer, eventLoop: loop), NIOLoopBound(box, eventLoop: loop))
    }.get()
  }

  /// The first that comes.
  func ask(_ statement: Statement) async throws -> Answer {
    try await signer.eventLoop.flatSubmit { [self] in
      let promise = signer.eventLoop.makePromise(of: Answer.self)
      waiting.value.promises[statement] = promise
      signer.value.sign(statement)
      return promise.futureResult
    }.get()
  }

  func status() async throws -> VoteSignerStatus { try await signer.eventLoop.submit { [signer] in signer.value.status }.get() }

  /// Until the next attempt to connect has come as far.
  func wait(for problem: String) async throws {
    while try await status().problem != problem { await Task.yield() }
  }

  func stop() async {
    try? await signer.eventLoop.submit { [self] in
      signer.value.stop()
      for promise in waiting.value.promises.values { promise.succeed(Answer()) }
    }.get()
  }
}
