public import CairnChain
import CairnCrypto
public import CairnIdentity
public import CairnLedger
import CairnMessages
import CairnProtocol
import NIOCore

/// What the state says about a DID at one of its versions. Proven in each case.
public enum VersionResolutionOutcome: Equatable, Sendable {
  case found(ResolvedVersion)
  /// The DID was created after the time that was asked for; Unix time.
  case notYetCreated(createdMilliseconds: UInt64)
  /// The DID does not exist.
  case absent
}

/// An answer about a version of a DID, and what proves it.
public struct VersionResolution: Equatable, Sendable {
  public let did: CairnDID
  /// As asked for. Of a time after ``header`` the answer is as of that header: what will be in force then, nobody can prove yet.
  public let selector: VersionSelector
  public let outcome: VersionResolutionOutcome
  /// The DID's newest isolation, whichever version was asked for; `nil` when it was never isolated.
  public let isolation: IsolationRecord?
  /// The state after this header commits to the newest version, which commits to all others.
  public let header: CertifiedHeader
  /// The `Proven` message: whoever holds a trust anchor can check it again.
  public let proof: [UInt8]

  /// Whether the DID is isolated in the state after ``header``.
  public var isIsolated: Bool { isolation?.isInForce(atMilliseconds: header.header.timeMilliseconds) ?? false }

  /// `nil` unless the DID existed.
  public var resolved: ResolvedVersion? {
    if case .found(let resolved) = outcome { resolved } else { nil }
  }
}

/// What a DID may do on the ledger, and what proves it.
public struct ProvenRoles: Equatable, Sendable {
  /// The DID as it is now.
  public let resolved: ResolvedDID
  public let roles: Roles
  /// Its newest isolation; `nil` when it was never isolated.
  public let isolation: IsolationRecord?
  /// The answer is the state after this header.
  public let header: CertifiedHeader
  /// The `Proven` message: whoever holds a trust anchor can check it again.
  public let proof: [UInt8]

  /// Whether the DID is isolated in the state after ``header``, and may do nothing at all.
  public var isIsolated: Bool { isolation?.isInForce(atMilliseconds: header.header.timeMilliseconds) ?? false }
}

/// An answer about the roles of a DID that may not exist.
struct RolesResolution: Sendable {
  /// `nil` when there is no such DID.
  let roles: ProvenRoles?
  let header: CertifiedHeader
}

extension Query<VersionResolution> {
  static func resolve(_ did: CairnDID, at selector: VersionSelector) -> Query {
    Query(method: .resolve) { known in
      var request = ProtoResolveRequest()
      request.did = did.description
      request.known = known.message
      request.withIsolation = true
      switch selector {
      case .newest: break
      case .id(let id): request.versionID = id
      case .time(let milliseconds): request.versionTimeMs = milliseconds
      }
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let bytes = answer.bytes
      let proven: ProtoProven = try decode(bytes)
      let header = try trust.verify(proven, since: known)
      let values = try header.values(of: [did.stateKey, did.isolationKey], in: proven)
      let resolution: ProtoResolution = try decode([UInt8](proven.payload))
      let isolation = try checkedIsolation(of: did, values[1], resolution)
      guard let value = values[0] else {
        return VersionResolution(did: did, selector: selector, outcome: .absent, isolation: isolation, header: header, proof: bytes)
      }
      let outcome: VersionResolutionOutcome
      do throws(ResolutionError) {
        switch try ResolvedVersion.verify(did, at: selector, stateValue: value, resolution) {
        case .found(let version): outcome = .found(version)
        case .notYetCreated(let created): outcome = .notYetCreated(createdMilliseconds: created)
        }
      } catch {
        throw .wrongRecord(error)
      }
      return VersionResolution(did: did, selector: selector, outcome: outcome, isolation: isolation, header: header, proof: bytes)
    }
  }
}

extension Query<RolesResolution> {
  static func roles(of did: CairnDID) -> Query {
    Query(method: .resolve) { known in
      var request = ProtoResolveRequest()
      request.did = did.description
      request.known = known.message
      request.withRoles = true
      request.withIsolation = true
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let bytes = answer.bytes
      let proven: ProtoProven = try decode(bytes)
      let header = try trust.verify(proven, since: known)
      let values = try header.values(of: [did.stateKey, did.rolesKey, did.isolationKey], in: proven)
      guard let value = values[0] else { return RolesResolution(roles: nil, header: header) }
      let resolved = try ResolvedDID(did, stateValue: value, payload: [UInt8](proven.payload))
      let resolution: ProtoResolution = try decode([UInt8](proven.payload))
      do throws(ResolutionError) {
        let roles = try Roles(stateValue: values[1], record: [UInt8](resolution.roles))
        let isolation = try IsolationRecord.verify(did, stateValue: values[2], record: [UInt8](resolution.isolation))
        return RolesResolution(
          roles: ProvenRoles(resolved: resolved, roles: roles, isolation: isolation, header: header, proof: bytes), header: header)
      } catch {
        throw .wrongRecord(error)
      }
    }
  }
}

private func checkedIsolation(
  of did: CairnDID, _ stateValue: [UInt8]?, _ resolution: ProtoResolution
) throws(EndpointProblem) -> IsolationRecord? {
  do throws(ResolutionError) {
    return try IsolationRecord.verify(did, stateValue: stateValue, record: [UInt8](resolution.isolation))
  } catch {
    throw .wrongRecord(error)
  }
}

extension CertifiedHeader {
  /// The proven values of these keys, of which the answer has exactly the proofs, in their order; `nil` for what is proven absent.
  func values(of keys: [Digest], in answer: ProtoProven) throws(EndpointProblem) -> [[UInt8]?] {
    guard answer.state.count == keys.count else { throw .unproven(.missingProof) }
    var values: [[UInt8]?] = []
    for (key, proof) in zip(keys, answer.state) {
      do throws(LightClientError) { values.append(try value(of: key, proof: proof)) } catch { throw .unproven(error) }
    }
    return values
  }
}
