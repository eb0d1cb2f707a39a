import CairnChain
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnProtocol
import Foundation
import NIOCore

extension Query<Authorization> {
  /// - Parameters:
  ///   - signature: of the agent; `nil` when the caller vouches for it.
  ///   - maximumAgeMilliseconds: of the state by which it is decided.
  static func authorize(
    _ request: AccessRequest, _ signature: KeySignature?, maximumAgeMilliseconds: UInt64, contracts: KnownContracts
  ) -> Query {
    let known = contracts.newest(request.contract)
    return Query(method: .authorize) { knowledge in
      var message = ProtoAuthorizeRequest()
      message.request = Data(request.bytes)
      if let signature { message.signature = signature.message }
      if let known { message.knownContract = Data(known.hash.bytes) }
      message.known = knowledge.message
      return ByteBuffer(encoding: message)
    } accept: { answer, knowledge, trust throws(EndpointProblem) in
      let bytes = answer.bytes
      let proven: ProtoProven = try decode(bytes)
      let header = try trust.verify(proven, since: knowledge)
      if let age = trust.age(of: header, over: maximumAgeMilliseconds) { throw .unproven(.stale(ageMilliseconds: age)) }
      let payload: ProtoAuthorizeAnswer = try decode([UInt8](proven.payload))
      do throws(AccessProofError) {
        let contract = payload.contract.isEmpty ? known : try contracts.compile([UInt8](payload.contract))
        let decision = try request.decision(
          signature, under: header, proofs: proven.state, payload, contract: contract)
        return Authorization(request: request, decision: decision, header: header, proof: bytes, rowCount: proven.state.count)
      } catch {
        throw .wrongDecision(error)
      }
    }
  }
}

extension AccessRequest {
  /// Decides by the rows that a node proved, and holds the node's own decision against it.
  fileprivate func decision(
    _ signature: KeySignature?, under header: CertifiedHeader, proofs: [ProtoStateProof], _ answer: ProtoAuthorizeAnswer,
    contract: KnownContract?
  ) throws(AccessProofError) -> AccessDecision {
    let rows = ProvenRows(header, proofs: proofs, records: answer.records.map { [UInt8]($0) }, contract: contract)
    var judge = AccessJudge(
      self, signature.map { .claimed($0) } ?? .none, over: AccessReader(rows), network: header.header.network,
      at: BlockMoment(height: header.header.height, milliseconds: header.header.timeMilliseconds))
    let decision = try judge.decide()
    guard !judge.state.rows.hasMore else { throw .superfluous }
    guard decision.message == answer.decision else { throw .otherDecision }
    return decision
  }
}

extension Query<RecordedAccessAnswer> {
  /// - Parameter epoch: from which on the answer has to explain itself.
  static func recordedAccess(_ id: Digest, explainingFrom epoch: UInt64) -> Query {
    Query(method: .authorize) { knowledge in
      var message = ProtoAuthorizeRequest()
      message.recorded = Data(id.bytes)
      message.known = knowledge.explained(from: epoch).message
      return ByteBuffer(encoding: message)
    } accept: { answer, knowledge, trust throws(EndpointProblem) in
      let proven: ProtoProven = try decode(answer.bytes)
      let header = try trust.verify(proven, since: knowledge)
      do throws(AccessProofError) {
        return RecordedAccessAnswer(record: try RecordedAccess(id, proven, under: header), proven: proven, header: header)
      } catch {
        throw .wrongDecision(error)
      }
    }
  }
}

/// An answer about what a block decided.
struct RecordedAccessAnswer: Sendable {
  /// `nil` when no block has decided the request.
  let record: RecordedAccess?
  let proven: ProtoProven
  let header: CertifiedHeader
}
