public import CairnChain
import CairnCrypto
public import CairnLedger
import CairnMessages
import CairnProtocol
import Foundation
import NIOCore

/// A proposal, and what proves it.
public struct ProposalResolution: Sendable {
  /// `nil` when there is none of this id, as the header proves.
  public let proposal: ProposalRecord?
  public let header: CertifiedHeader
}

/// Who governs, by which rules, and what is open, proven.
public struct GovernanceResolution: Sendable {
  public let governance: ProvenGovernance
  public let header: CertifiedHeader
}

extension Query<ProposalResolution> {
  static func proposal(_ id: ProposalID) -> Query {
    Query(method: .proposal) { known in
      var request = ProtoProposalRequest()
      request.proposal = Data(id.digest.bytes)
      request.known = known.message
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let proven: ProtoProven = try decode(answer.bytes)
      let header = try trust.verify(proven, since: known)
      let values = try header.values(of: [id.stateKey], in: proven)
      let payload: ProtoProposalAnswer = try decode([UInt8](proven.payload))
      do throws(ResolutionError) {
        let proposal = try ProposalRecord.verify(id, stateValue: values[0], record: [UInt8](payload.record))
        return ProposalResolution(proposal: proposal, header: header)
      } catch {
        throw .wrongRecord(error)
      }
    }
  }
}

extension Query<GovernanceResolution> {
  static var governance: Query {
    Query(method: .proposals) { known in
      var request = ProtoProposalsRequest()
      request.known = known.message
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let proven: ProtoProven = try decode(answer.bytes)
      let header = try trust.verify(proven, since: known)
      let values = try header.values(of: ProvenGovernance.stateKeys, in: proven)
      let payload: ProtoProposalsAnswer = try decode([UInt8](proven.payload))
      do throws(ResolutionError) {
        return GovernanceResolution(governance: try ProvenGovernance(stateValues: values, payload), header: header)
      } catch {
        throw .wrongRecord(error)
      }
    }
  }
}
