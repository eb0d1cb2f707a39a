import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
package import CairnMessages
import CairnNetwork
import Foundation

extension QueryService {
  /// What a contract says to a request now, with the rows of the state that the decision looked at; or what a block decided about one.
  package func authorize(_ request: ProtoAuthorizeRequest) throws(ServiceFailure) -> ProvenAnswer {
    switch request.about {
    case .request(let bytes): return try authorize([UInt8](bytes), request)
    case .recorded(let id):
      guard let id = Digest(id) else { throw .malformedRequest }
      return try recordedAccess(id, request.known)
    case nil: throw .malformedRequest
    }
  }

  private func authorize(_ bytes: [UInt8], _ message: ProtoAuthorizeRequest) throws(ServiceFailure) -> ProvenAnswer {
    let request: AccessRequest
    do { request = try AccessRequest(decoding: bytes) } catch { throw ServiceFailure(error) }
    let signer: AccessSigner
    if message.hasSignature {
      guard let signature = KeySignature(message.signature) else { throw .malformedRequest }
      signer = .claimed(signature)
    } else {
      signer = .none
    }
    return try answering(message.known) { answer throws(ReadFailure) in
      let (state, header) = (answer.view.head.state, answer.view.header)
      var judge = AccessJudge(
        request, signer, over: AccessReader(ProvingRows(state)), network: header.network,
        at: BlockMoment(height: header.height, milliseconds: header.timeMilliseconds))
      let decision = try readingLedger { () throws(LedgerFault) in try judge.decide() }
      let rows = judge.state.rows
      answer.state = rows.proofs
      var payload = ProtoAuthorizeAnswer()
      payload.decision = decision.message
      payload.records = rows.records.map { Data($0) }
      payload.contract = Data(try readingLedger { () throws(LedgerFault) in try rows.contract(unless: Digest(message.knownContract)) })
      answer.payload = Canonical.encode(payload)
    }
  }

  private func recordedAccess(_ id: Digest, _ known: ProtoKnown) throws(ServiceFailure) -> ProvenAnswer {
    let key = RecordedAccess.stateKey(id)
    return try answering(known) { answer throws(ReadFailure) in
      let state = answer.view.head.state
      answer.state = [state.tree.proof(for: key)]
      answer.payload = try readingLedger { () throws(LedgerFault) in try state.record(forKey: key) } ?? []
    }
  }
}

extension ServiceFailure {
  /// Of a request that is none; a request that is denied has an answer.
  fileprivate init(_ refusal: AccessRefusal) {
    self.init(.invalidArgument, refusal.reason, "\(refusal) Check how it was encoded.")
  }
}

extension AccessRefusal {
  /// Of a request that a block was to decide.
  var status: RPCStatus {
    switch self {
    case .malformed, .tooLarge, .tooDeep, .tooManyCredentials, .wrongNetwork, .malformedContext, .schemaMismatch, .unknownAction:
      .invalidArgument
    case .unknownDID, .unknownContract: .notFound
    case .replayed: .alreadyExists
    case .expired, .tooFarAhead, .staleHeader, .deactivated, .contractFrozen, .contractRetired: .failedPrecondition
    case .isolated, .session, .badSignature, .wrongKey, .credential, .tooCostly, .forbidFailed, .forbidden, .notPermitted: .permissionDenied
    }
  }
}
