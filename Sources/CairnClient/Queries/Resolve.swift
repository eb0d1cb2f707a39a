public import CairnChain
public import CairnIdentity
public import CairnLedger
import CairnMessages
import CairnProtocol
import NIOCore

/// What the state says about a DID. Proven either way.
public enum ResolutionOutcome: Equatable, Sendable {
  case found(ResolvedDID)
  /// The DID does not exist.
  case absent
}

/// An answer about a DID, and what proves it.
public struct Resolution: Equatable, Sendable {
  public let did: CairnDID
  public let outcome: ResolutionOutcome
  /// The answer is the state after this header.
  public let header: CertifiedHeader
  /// The `Proven` message: whoever holds a trust anchor can check it again.
  public let proof: [UInt8]

  /// `nil` when the DID is proven not to exist.
  public var resolved: ResolvedDID? {
    if case .found(let resolved) = outcome { resolved } else { nil }
  }
}

extension Query<Resolution> {
  static func resolve(_ did: CairnDID) -> Query {
    let (text, key) = (did.description, did.stateKey)
    return Query(method: .resolve) { known in
      var request = ProtoResolveRequest()
      request.did = text
      request.known = known.message
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let bytes = answer.bytes
      let proven: ProtoProven = try decode(bytes)
      let header = try trust.verify(proven, since: known)
      guard proven.state.count == 1 else { throw .unproven(.missingProof) }
      let value: [UInt8]?
      do throws(LightClientError) { value = try header.value(of: key, proof: proven.state[0]) } catch { throw .unproven(error) }
      guard let value else { return Resolution(did: did, outcome: .absent, header: header, proof: bytes) }
      let resolved = try ResolvedDID(did, stateValue: value, payload: [UInt8](proven.payload))
      return Resolution(did: did, outcome: .found(resolved), header: header, proof: bytes)
    }
  }
}

extension ResolvedDID {
  /// - Parameter payload: a `Resolution` message.
  init(_ did: CairnDID, stateValue: [UInt8], payload: [UInt8]) throws(EndpointProblem) {
    let resolution: ProtoResolution = try decode(payload)
    do {
      try self.init(did, stateValue: stateValue, record: [UInt8](resolution.record), document: [UInt8](resolution.document))
    } catch {
      throw .wrongRecord(error)
    }
  }
}
