import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnNetwork
import Foundation
import NIOCore
import SwiftProtobuf

/// Why a peer's hello is refused.
enum HelloRefusal: String, Error, CustomStringConvertible {
  case malformed = "malformed_hello"
  case version = "unknown_version"
  case network = "wrong_network"

  var description: String { rawValue }
}

extension NodeCore {
  static let protocolVersion: UInt32 = 1

  static func encoded(_ message: some Message) -> ByteBuffer { ByteBuffer(bytes: Canonical.encode(message)) }

  func broadcast(_ code: UInt16, _ payload: ByteBuffer) { mesh?.broadcast(code, payload) }

  func send(_ message: Engine.Message, to recipients: Recipients) {
    let code: UInt16
    let payload: ByteBuffer
    switch message {
    case .vote(let vote): (code, payload) = (PeerCode.vote, ByteBuffer(bytes: vote.bytes))
    case .certificate(let certificate):
      (code, payload) = (PeerCode.certificate, ByteBuffer(bytes: certificate.bytes(validatorCount: validators.count)))
    case .proposal(let proposal): (code, payload) = (PeerCode.proposal, Self.encoded(proposal.message(validatorCount: validators.count)))
    }
    switch recipients {
    case .all: broadcast(code, payload)
    case .one(let index): directory.number(ofIndex: index).map { mesh?.send(code, payload, to: $0) }
    }
  }

  func hello(to peer: Int) -> [UInt8] {
    var hello = ProtoPeerHello()
    hello.version = Self.protocolVersion
    hello.network = Data(network.bytes)
    hello.epoch = epoch.number
    hello.height = executor.finalized.height
    if let key = directory.peers[peer]?.consensusKey, let vote = peers.highestVote(of: key) { hello.yourLastVote = Data(vote.bytes) }
    return Canonical.encode(hello)
  }

  func received(hello bytes: [UInt8], from peer: Int) throws(HelloRefusal) {
    guard let hello = try? ProtoPeerHello(serializedBytes: bytes) else { throw .malformed }
    guard hello.version == Self.protocolVersion else { throw .version }
    guard hello.network == Data(network.bytes) else { throw .network }
    let ours = ownVote([UInt8](hello.yourLastVote))
    peers.greeted(by: peer, height: hello.height, rememberedVote: ours)
    // A running engine knows its own votes, and what to do about one that it does not know.
    if engine == nil {
      startWhenKnown()
    } else if let ours, let verified = try? verifier.verify(ours) {
      step(.vote(verified))
    }
    _ = isOfThisEpoch(hello.epoch, from: peer)
  }

  /// A vote that this node's key has signed, in whatever epoch.
  private func ownVote(_ bytes: [UInt8]) -> Vote? {
    guard let vote = try? Vote(decoding: bytes),
      PlantedBug.unverifiedGreetings.isPlanted
        || parts.environment.scheme.isValid(
          vote.signature, by: parts.voteKey.publicKey, for: vote.statement.signedBytes(network: network))
    else { return nil }
    return vote
  }

  func received(_ code: UInt16, _ payload: ByteBuffer, from peer: Int) {
    // Everything that still matters afterwards is sent again.
    guard !snapshots.isInstalling else { return }
    if peers.heard(peer, at: loop.now), let index = directory.index(of: peer) { step(.heard(index)) }
    switch code {
    case PeerCode.vote: received(vote: [UInt8](buffer: payload), from: peer)
    case PeerCode.certificate: received(certificate: [UInt8](buffer: payload), from: peer)
    case PeerCode.proposal: received(proposal: payload, from: peer)
    case PeerCode.transactions: received(transactions: payload)
    case PeerCode.defence: received(defence: payload)
    default: break
    }
  }

  /// Whether the engine can learn something from a statement about this view, or a certificate of it. What only looks new, because
  /// somebody else's message was verified with it before, counts as new: the engine must not miss a certificate.
  private func isNews(_ statement: Statement) -> Bool {
    guard let engine, statement.view.addingReportingOverflow(Engine.trackedViews).partialValue >= engine.committedView else { return false }
    return !engine.isKnown(statement)
  }

  /// A vote comes from its signer. One for a statement that is certified already says nothing new and is not verified.
  private func received(vote bytes: [UInt8], from peer: Int) {
    guard let vote = try? Vote(decoding: bytes), isOfThisEpoch(vote.statement.epoch, from: peer),
      vote.validator == directory.index(of: peer) || PlantedBug.unverifiedVotes.isPlanted, engine == nil || isNews(vote.statement),
      let key = validators[vote.validator]?.consensusKey,
      let verified = PlantedBug.unverifiedVotes.isPlanted ? .recovered(vote) : try? verifier.verify(vote)
    else { return }
    peers.remember(vote, by: key)
    step(.vote(verified))
  }

  private func received(certificate bytes: [UInt8], from peer: Int) {
    guard let message = try? ProtoCertificate(serializedBytes: bytes), isOfThisEpoch(message.epoch, from: peer),
      let certificate = try? Certificate(decoding: bytes, validatorCount: validators.count), isNews(certificate.statement),
      let verified = self.certificate(for: certificate.statement)
        ?? (PlantedBug.unverifiedCertificates.isPlanted ? .recovered(certificate) : try? verifier.verify(certificate))
    else { return }
    remember(verified)
    step(.certificate(verified))
  }

  private func received(proposal payload: ByteBuffer, from peer: Int) {
    guard engine != nil, let proposal = decode(proposal: payload, from: peer), let index = directory.index(of: peer),
      let verified = try? verifier.verify(proposal, known: certificate(for:))
    else { return }
    for certificate in [verified.parent].compactMap(\.self) + verified.skips { remember(certificate) }
    step(.proposal(verified, from: index))
  }

  private func decode(proposal payload: ByteBuffer, from peer: Int) -> Proposal? {
    guard payload.readableBytes <= Proposal.byteLimit, let message = try? ProtoProposal(serializedBytes: [UInt8](buffer: payload)),
      let vote = try? Vote(decoding: [UInt8](message.vote)), isOfThisEpoch(vote.statement.epoch, from: peer)
    else { return nil }
    return try? Proposal(message, validatorCount: validators.count)
  }

  private func received(transactions payload: ByteBuffer) {
    guard parts.room.hasPlace, let batch = try? ProtoTransactionBatch(serializedBytes: [UInt8](buffer: payload)) else { return }
    verify(batch.transactions.map { [UInt8]($0) })
  }

  /// Transactions without a place are dropped; their first node still has them.
  private func verify(_ transactions: [[UInt8]]) {
    guard !transactions.isEmpty, parts.room.take(transactions.count) else { return }
    parts.signatures.verify(transactions, .arrival, on: loop) { [publisher = parts.publisher] in Arrival($0, on: publisher.head.state) }
      .assumeIsolated().whenComplete { [weak self] arrivals in
        guard let self else { return }
        insert(gossiped: (try? arrivals.get()) ?? [])
        parts.room.leave(transactions.count)
      }
  }

  /// Transactions of the defence lane, in the eyes of the validator that took them. Where this node does not think so, perhaps because it
  /// is behind, they wait in line.
  private func received(defence payload: ByteBuffer) {
    guard let batch = try? ProtoTransactionBatch(serializedBytes: [UInt8](buffer: payload)) else { return }
    let transactions = batch.transactions.map { [UInt8]($0) }
    guard verifyingClaims + transactions.count <= Self.verifyingClaimsLimit else { return verify(transactions) }
    verifyingClaims += transactions.count
    let publisher = parts.publisher
    parts.signatures.verify(claims: transactions, on: loop, state: { publisher.head.state }) { Arrival($0, on: publisher.head.state) }
      .assumeIsolated().whenComplete { [weak self] outcome in
        guard let self else { return }
        verifyingClaims -= transactions.count
        let claims = (try? outcome.get()) ?? []
        insert(gossiped: claims.compactMap { if case .judged(let arrival) = $0 { arrival } else { nil } })
        verify(zip(transactions, claims).compactMap { bytes, claim in if case .judged = claim { nil } else { bytes } })
      }
  }

  /// Of the defence lane: some tens of milliseconds' work.
  private static let verifyingClaimsLimit = 512

  /// How long a peer may take for one block: as long as the engine waits before it asks again.
  private static let fetchTimeout = TimeAmount.seconds(2)

  /// Asks the first of the candidates for a block, and the next one when that one does not have it.
  ///
  /// - Parameter candidates: their indices in the epoch's set.
  func fetch(_ digest: Digest, from candidates: some Collection<Int>) {
    fetch(digest, fromPeers: candidates.compactMap(directory.number(ofIndex:)))
  }

  private func fetch(_ digest: Digest, fromPeers candidates: some Collection<Int>) {
    guard !isStopped, let peer = candidates.first else { return }
    var request = ProtoBlockRequest()
    request.digest = Data(digest.bytes)
    let rest = Array(candidates.dropFirst())
    mesh?.request(PeerCode.block, Self.encoded(request), to: peer, timeout: Self.fetchTimeout).assumeIsolated().whenComplete {
      [weak self] answer in
      guard let self else { return }
      if case .success(let payload) = answer, let proposal = fetched(payload, digest) {
        step(.fetched(proposal))
      } else {
        fetch(digest, fromPeers: rest)
      }
    }
  }

  private func fetched(_ payload: ByteBuffer, _ digest: Digest) -> Verified<Proposal>? {
    guard let response = try? ProtoBlockResponse(serializedBytes: [UInt8](buffer: payload)), response.hasProposal,
      let proposal = try? Proposal(response.proposal, validatorCount: validators.count), proposal.block.digest == digest
    else { return nil }
    return try? verifier.verify(proposal, known: certificate(for:))
  }
}
