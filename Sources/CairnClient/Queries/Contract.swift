public import CairnChain
import CairnCrypto
public import CairnLedger
import CairnMessages
import CairnProtocol
import Foundation
import NIOCore

/// A contract with one of its versions, and what proves it.
public struct ContractResolution: Equatable, Sendable {
  public let contract: ResolvedContract
  /// The state after this header commits to the contract's newest record. For a time after it, the answer is as of this header.
  public let header: CertifiedHeader
  /// The `Proven` message: whoever holds a trust anchor can check it again.
  public let proof: [UInt8]

  /// Whether nobody has audited the version in force in time, as of the header.
  public var isAuditOverdue: Bool { contract.newest.isAuditOverdue(at: header.header.timeMilliseconds) }
}

/// An answer about a contract, whether or not there is one.
struct ContractAnswer: Sendable {
  /// `nil` when there is no such contract.
  let outcome: ContractOutcome?
  let header: CertifiedHeader
  let proof: [UInt8]

  func resolution(of id: ContractID) -> Result<ContractResolution, CairnError> {
    switch outcome {
    case .found(let contract): .success(ContractResolution(contract: contract, header: header, proof: proof))
    case .notYetDeployed(let milliseconds):
      .failure(.contractNotYetDeployed(id, deployedMilliseconds: milliseconds, provenBy: header))
    case nil: .failure(.unknownContract(id, provenBy: header))
    }
  }
}

extension Query<ContractAnswer> {
  /// - Parameter version: one that the caller has, which the node may leave out.
  static func contract(_ id: ContractID, at selector: ContractSelector, having version: ContractVersion?) -> Query {
    Query(method: .contract) { known in
      var request = ProtoContractRequest()
      request.contract = id.name
      request.known = known.message
      switch selector {
      case .inForce: break
      case .version(let number): request.version = number
      case .time(let milliseconds): request.atMs = milliseconds
      }
      if let version { request.have = Data(version.hash.bytes) }
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let bytes = answer.bytes
      let proven: ProtoProven = try decode(bytes)
      let header = try trust.verify(proven, since: known)
      var keys = [id.stateKey]
      // The version's proof is there unless the contract's shows that there is none.
      if case .version(let number) = selector, proven.state.count > 1 { keys.append(id.versionKey(number)) }
      let values = try header.values(of: keys, in: proven)
      guard let value = values[0] else { return ContractAnswer(outcome: nil, header: header, proof: bytes) }
      let payload: ProtoContractAnswer = try decode([UInt8](proven.payload))
      do throws(ContractAnswerError) {
        let outcome = try ResolvedContract.verify(
          id, at: selector, stateValue: value, versionValue: values.count > 1 ? values[1] : nil, payload, known: version)
        return ContractAnswer(outcome: outcome, header: header, proof: bytes)
      } catch {
        throw .wrongContract(error)
      }
    }
  }
}
