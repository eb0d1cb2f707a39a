import CairnChain
import CairnIdentity
import CairnLedger
import CairnMessages
import Foundation
import SwiftProtobuf
import Synchronization

/// Verifies answers of faces that the client library does not speak: one light client, usable from any thread.
final class AnswerVerifier: Sendable {
  /// A request, and what its answer is measured against.
  struct Question: Sendable {
    let did: CairnDID
    let since: CertifiedHeader?
    let request: ProtoResolveRequest
  }

  private let light: Mutex<LightClient>
  private static let maximumStaleness: UInt64 = 15_000

  init(anchor: TrustAnchor) { light = Mutex(LightClient(anchor: anchor)) }

  func question(_ did: CairnDID) -> Question {
    let (epoch, since) = light.withLock { ($0.epoch, $0.newest) }
    var request = ProtoResolveRequest()
    request.did = did.description
    request.known.epoch = epoch
    request.known.logSize = since?.header.logSize ?? 0
    return Question(did: did, since: since, request: request)
  }

  /// - Throws: when the answer does not prove a document of the DID that was asked for.
  func verify(_ answer: ProtoProven, of question: Question) throws {
    let now = UInt64(max(0, Date().timeIntervalSince1970 * 1_000))
    let header = try light.withLock { light in
      try light.verify(answer, since: question.since, now: now, maximumStaleness: Self.maximumStaleness)
    }
    guard answer.state.count == 1, let value = try header.value(of: question.did.stateKey, proof: answer.state[0]) else {
      throw LightClientError.missingProof
    }
    let payload = try ProtoResolution(serializedBytes: answer.payload)
    _ = try ResolvedDID(question.did, stateValue: value, record: [UInt8](payload.record), document: [UInt8](payload.document))
  }
}
