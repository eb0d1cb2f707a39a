import CairnChain
import CairnCrypto
import CairnMerkle
import CairnMessages
import Foundation
import Synchronization

/// What the client knew when it sent a request: the answer is measured against it.
struct Knowledge: Sendable {
  let epoch: UInt64
  /// The newest header that was verified; answers are not older, and extend its log.
  let since: CertifiedHeader?

  var message: ProtoKnown {
    var message = ProtoKnown()
    message.epoch = epoch
    message.logSize = since?.header.logSize ?? 0
    return message
  }

  /// - Parameter epoch: to say instead of the known one; `nil` for that.
  func explained(from epoch: UInt64?) -> Knowledge { Knowledge(epoch: epoch ?? self.epoch, since: since) }
}

/// The light client that all connections of a client share, so that a header is certified once.
final class Trust: Sendable {
  fileprivate struct State {
    var light: LightClient
    var fork: UInt64?
  }

  let network: Digest
  /// Of the block that is believed without a certificate.
  let anchorDigest: Digest
  private let state: Mutex<State>
  private let clock: ClientClock
  private let maximumStaleness: UInt64

  init(anchor: TrustAnchor, maximumStalenessMilliseconds: UInt64, clock: ClientClock) {
    (network, anchorDigest) = (anchor.network, anchor.digest)
    state = Mutex(State(light: LightClient(anchor: anchor)))
    (self.clock, maximumStaleness) = (clock, maximumStalenessMilliseconds)
  }

  var knowledge: Knowledge {
    state.withLock { Knowledge(epoch: $0.light.epoch, since: $0.light.newest) }
  }

  /// The height of a fork that was seen; nothing is believed from then on.
  var fork: UInt64? { state.withLock { $0.fork } }

  var newest: CertifiedHeader? { state.withLock { $0.light.newest } }

  /// Whether a header is recent enough to answer with now.
  func isFresh(_ header: CertifiedHeader) -> Bool { isFresh(header.header) }

  /// - Parameter header: one that was proven.
  func isFresh(_ header: Header) -> Bool {
    let age = clock.unixMilliseconds().subtractingReportingOverflow(header.timeMilliseconds)
    return age.overflow || age.partialValue <= maximumStaleness
  }

  /// How old a header is, in milliseconds; `nil` when that is within the limit, or its time is still to come.
  func age(of header: CertifiedHeader, over limit: UInt64) -> UInt64? {
    let age = clock.unixMilliseconds().subtractingReportingOverflow(header.header.timeMilliseconds)
    return age.overflow || age.partialValue <= limit ? nil : age.partialValue
  }

  /// Believes the header of an answer: final, recent, and not older than what was known when it was asked for.
  func verify(_ answer: ProtoProven, since known: Knowledge) throws(EndpointProblem) -> CertifiedHeader {
    let now = clock.unixMilliseconds()
    return try judging(answer, since: known.since) { light throws(LightClientError) in
      try light.verify(answer, since: known.since, now: now, maximumStaleness: maximumStaleness)
    }
  }

  /// Believes that the header of a receipt is final, however old: receipts stay true. One that is newer than what was known
  /// becomes known, so that no later answer is older than it.
  func verifyReceipt(_ answer: ProtoProven, since known: Knowledge) throws(EndpointProblem) -> CertifiedHeader {
    let now = clock.unixMilliseconds()
    return try judging(answer, since: known.since) { light throws(LightClientError) in
      let header = try light.certify(answer)
      if let since = known.since, header.header.height <= since.header.height { return header }
      return try light.verify(answer, since: known.since, now: now, maximumStaleness: .max)
    }
  }

  /// Believes that the last of consecutive blocks is final, however old, because its own or a later block's finalization proves it.
  ///
  /// - Parameters:
  ///   - headers: each the parent of the next, so that the last one proves all of them.
  ///   - parent: digest of the first one's parent.
  /// - Returns: the header that the certificate finalizes.
  func verify(_ batch: ProtoEventBatch, headers: [Header], parent: Digest) throws(EndpointProblem) -> CertifiedHeader {
    guard let last = headers.last else { throw .malformed }
    var answer = ProtoProven()
    answer.header = batch.finalized.isEmpty ? Data(last.bytes) : batch.finalized
    if batch.hasCertificate { answer.certificate = batch.certificate }
    return try judging(answer, since: nil) { light throws(LightClientError) in
      let certified = try light.certify(answer)
      if !batch.finalized.isEmpty { try Self.checkPath(batch, from: last, to: certified) }
      guard let newest = light.newest else {
        light.learn(certified)
        return certified
      }
      // What is known is passed on the way, or was the parent: only then is what follows its continuation.
      if let passed = headers.first(where: { $0.height == newest.header.height }) {
        guard passed == newest.header else { throw .fork(height: passed.height) }
        light.learn(certified)
      } else if parent == newest.header.digest {
        light.learn(certified)
      }
      return certified
    }
  }

  /// Takes note of epochs, each proven by the validators of the one before.
  func follow(_ changes: [ProtoEpochChange]) throws(EndpointProblem) {
    try state.withLock { state throws(EndpointProblem) in
      do throws(LightClientError) { try state.light.follow(changes) } catch { throw .unproven(error) }
    }
  }

  /// The newest epoch that is known, and its validators.
  var validators: (epoch: UInt64, set: ValidatorSet) { state.withLock { ($0.light.epoch, $0.light.validators) } }

  /// Those of an epoch that is known.
  func validators(ofEpoch epoch: UInt64) -> ValidatorSet? { state.withLock { $0.light.validators(ofEpoch: epoch) } }

  private static func checkPath(
    _ batch: ProtoEventBatch, from last: Header, to certified: CertifiedHeader
  ) throws(LightClientError) {
    guard batch.path.count <= UInt64.bitWidth else { throw .proof(.pathLength) }
    var proof = ProtoLogProof()
    proof.index = last.logSize
    proof.entry = Data(LogEntry.header(last.bytes).bytes)
    proof.path = batch.path
    _ = try certified.entry(proof)
  }

  private func judging(
    _ answer: ProtoProven, since: CertifiedHeader?, _ body: (inout LightClient) throws(LightClientError) -> CertifiedHeader
  ) throws(EndpointProblem) -> CertifiedHeader {
    try state.withLock { state throws(EndpointProblem) in
      if let fork = state.fork { throw .unproven(.fork(height: fork)) }
      do throws(LightClientError) { return try body(&state.light) } catch {
        throw .unproven(state.judged(error, answer, since: since))
      }
    }
  }
}

extension Trust.State {
  /// Tells a fork from a claim of one. Two certified headers of one height are the validators' fault, and the end. A log that
  /// was not shown to extend the known one is the answering node's: anybody can send a path that leads nowhere.
  fileprivate mutating func judged(_ error: LightClientError, _ answer: ProtoProven, since: CertifiedHeader?) -> LightClientError {
    guard case .fork(let height) = error else { return error }
    if let certified = try? light.certify(answer) {
      guard let since, since.header.height == certified.header.height else { return .proof(.rootMismatch) }
    }
    fork = height
    return .fork(height: height)
  }
}
