import CairnCrypto
import CairnLedger
import CairnMerkle
package import CairnMessages
import CairnNetwork
import Foundation

extension QueryService {
  /// One proposal, or the proof that there is none.
  package func proposal(_ request: ProtoProposalRequest) throws(ServiceFailure) -> ProvenAnswer {
    guard let id = ProposalID(request.proposal) else {
      throw ServiceFailure(.invalidArgument, "malformed_proposal", "A proposal's id has 32 bytes: check the request.")
    }
    return try answering(request.known) { answer throws(ReadFailure) in
      var payload = ProtoProposalAnswer()
      guard let record = try prove(id.stateKey, in: &answer) else { return }
      payload.record = Data(record)
      answer.payload = Canonical.encode(payload)
    }
  }

  /// Trustees, parameters, constitution, and the ids of all open proposals.
  package func proposals(_ request: ProtoProposalsRequest) throws(ServiceFailure) -> ProvenAnswer {
    try answering(request.known) { answer throws(ReadFailure) in
      var payload = ProtoProposalsAnswer()
      payload.governance = Data(try prove(GovernanceRecord.stateKey, in: &answer) ?? [])
      payload.parameters = Data(try prove(Parameters.stateKey, in: &answer) ?? [])
      payload.constitution = Data(try prove(ConstitutionRecord.stateKey, in: &answer) ?? [])
      answer.payload = Canonical.encode(payload)
    }
  }

  /// Adds the proof of a row, and hands out its record.
  private func prove(_ key: Digest, in answer: inout ProvenAnswer) throws(ReadFailure) -> [UInt8]? {
    let state = answer.view.head.state
    let proof = state.tree.proof(for: key)
    answer.state.append(proof)
    guard proof.leaf?.key == key else { return nil }
    return try readingLedger { () throws(LedgerFault) in try state.record(forKey: key) }
  }
}
