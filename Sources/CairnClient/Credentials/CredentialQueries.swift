import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnProtocol
import Foundation
import NIOCore

// The reads of a verification. Their answers are kept as they came, because a bundle hands them on.

extension Query<DocumentFact> {
  /// - Parameters:
  ///   - moment: Unix time in milliseconds; `nil` for now.
  ///   - epoch: from which on the answer has to explain itself; `nil` for what the client knows.
  static func document(of did: CairnDID, withRoles: Bool, at moment: UInt64?, explainingFrom epoch: UInt64? = nil) -> Query {
    var request = ProtoResolveRequest()
    request.did = did.description
    request.withRoles = withRoles
    request.withIsolation = true
    if let moment { request.versionTimeMs = moment }
    return Query(method: .resolve) { [request] known in
      var request = request
      request.known = known.explained(from: epoch).message
      return ByteBuffer(encoding: request)
    } accept: { [request] answer, known, trust throws(EndpointProblem) in
      let proven: ProtoProven = try decode(answer.bytes)
      let header = try trust.verify(proven, since: known)
      let values = try header.values(of: [did.stateKey] + (withRoles ? [did.rolesKey] : []) + [did.isolationKey], in: proven)
      let resolution: ProtoResolution = try decode([UInt8](proven.payload))
      let evidence = CredentialEvidence(
        subject: .document(did), header: header, answer: ProtoBundledAnswer(.resolve(request), proven, under: header, trust))
      do throws(ResolutionError) {
        let roles = try withRoles ? Roles(stateValue: values[1], record: [UInt8](resolution.roles)) : nil
        let isolation = try IsolationRecord.verify(
          did, stateValue: values[withRoles ? 2 : 1], record: [UInt8](resolution.isolation))
        var outcome = try outcome(of: did, at: moment, stateValue: values[0], resolution)
        if case .active = outcome, isolation?.isInForce(atMilliseconds: header.header.timeMilliseconds) == true { outcome = .isolated }
        return DocumentFact(outcome: outcome, roles: roles, evidence: evidence)
      } catch {
        throw .wrongRecord(error)
      }
    }
  }

  private static func outcome(
    of did: CairnDID, at moment: UInt64?, stateValue: [UInt8]?, _ resolution: ProtoResolution
  ) throws(ResolutionError) -> DocumentFact.Outcome {
    guard let stateValue else { return .unknown }
    let selector = moment.map { VersionSelector.time(milliseconds: $0) } ?? .newest
    switch try ResolvedVersion.verify(did, at: selector, stateValue: stateValue, resolution) {
    case .found(let version): return version.isDeactivated ? .deactivated : .active(version.document)
    case .notYetCreated: return .unknown
    }
  }
}

extension Query<StatusFact> {
  /// - Parameters: as of the document's query.
  static func fact(
    _ index: UInt32, in list: StatusListID, at moment: UInt64?, explainingFrom epoch: UInt64? = nil
  ) -> Query {
    let status = Query<StatusAnswer>.status(of: index, in: list, at: moment.map { .time(milliseconds: $0) } ?? .now)
    return Query(method: status.method) { known in
      status.request(known.explained(from: epoch))
    } accept: { answer, known, trust throws(EndpointProblem) in
      let accepted = try status.accept(answer, known, trust)
      var request = ProtoStatusRequest()
      request.list = list.description
      request.index = index
      if let moment { request.atMs = moment }
      let evidence = CredentialEvidence(
        subject: .status(StatusPosition(list: list, index: UInt64(index))), header: accepted.header,
        answer: ProtoBundledAnswer(.status(request), try decode(accepted.proof), under: accepted.header, trust))
      return StatusFact(outcome: StatusFact.Outcome(accepted.outcome), evidence: evidence)
    }
  }
}

extension StatusFact.Outcome {
  fileprivate init(_ outcome: StatusOutcome) {
    switch outcome {
    case .found(let status): self = .found(status.list, isSet: status.isSet)
    case .notYetCreated, .noList: self = .noList
    }
  }
}

extension ProtoBundledAnswer {
  /// - Parameters:
  ///   - request: without what the client knew.
  ///   - proven: accepted; what is not needed to believe it is left out.
  fileprivate init(_ request: OneOf_Request, _ proven: ProtoProven, under header: CertifiedHeader, _ trust: Trust) {
    self.init()
    self.request = request
    self.proven = proven
    self.proven.clearConsistency()
    if header.header.digest == trust.anchorDigest { self.proven.clearCertificate() }
  }
}
