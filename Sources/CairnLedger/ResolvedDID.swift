import CairnCrypto
public import CairnIdentity

/// A DID with its document, every byte of it committed to by a row of the state.
public struct ResolvedDID: Hashable, Sendable {
  public let did: CairnDID
  public let record: DIDRecord
  /// Log index of the entry that made this version.
  public let changedAt: UInt64
  /// The JSON document (RFC 8785).
  public let document: [UInt8]

  public var isDeactivated: Bool { record.isDeactivated }
  /// 0 after creation, then one more with every change.
  public var versionID: UInt64 { record.head.sequence }
  /// Unix time.
  public var createdMilliseconds: UInt64 { record.createdMilliseconds }
  /// Unix time.
  public var updatedMilliseconds: UInt64 { record.updatedMilliseconds }

  /// Checks what a node handed out against what the state proves. Nothing is generated: hashes decide.
  ///
  /// - Parameters:
  ///   - did: the one that was asked for.
  ///   - stateValue: proven for ``CairnIdentity/CairnDID/stateKey`` of that DID.
  ///   - record: bytes of the `DidRecord`.
  ///   - document: bytes of the JSON document.
  public init(_ did: CairnDID, stateValue: [UInt8], record: [UInt8], document: [UInt8]) throws(ResolutionError) {
    let head = try ProvenHead(did, stateValue: stateValue, record: record)
    guard head.record.documentHash == .sha256(document) else { throw .documentHash }
    self.init(head.record, changedAt: head.changedAt, document: document)
  }

  /// - Parameter document: to whose hash the record commits.
  init(_ record: DIDRecord, changedAt: UInt64, document: [UInt8]) {
    (did, self.record, self.changedAt, self.document) = (record.did, record, changedAt, document)
  }
}

/// The newest record of a DID, to which a row of the state commits.
struct ProvenHead {
  let record: DIDRecord
  /// Log index of the entry that made this version.
  let changedAt: UInt64

  init(_ did: CairnDID, stateValue: [UInt8], record: [UInt8]) throws(ResolutionError) {
    let value: StateValue
    do { value = try StateValue(decoding: stateValue) } catch { throw .stateValue(error) }
    guard value.type == .did else { throw .wrongType }
    guard value.recordHash == .sha256(record) else { throw .recordHash }
    do { self.record = try DIDRecord(decoding: record) } catch { throw .record(error) }
    guard self.record.did == did else { throw .wrongDID }
    guard self.record.isDeactivated == value.isTombstone else { throw .tombstone }
    changedAt = value.changedAt
  }
}

/// Why an answer to a resolution is not believed.
public enum ResolutionError: Error, Equatable, Sendable {
  case stateValue(RecordError)
  case wrongType
  case recordHash
  case record(RecordError)
  case wrongDID
  case tombstone
  case documentHash
  /// Not the version that was asked for.
  case version(VersionError)
  /// The roles are not those that the state commits to.
  case roles(RecordError)
  /// The isolation is not the one that the state commits to.
  case isolation(RecordError)

  public var reason: String {
    switch self {
    case .stateValue: "bad_state_value"
    case .wrongType: "wrong_state_type"
    case .recordHash: "record_hash_mismatch"
    case .record: "bad_record"
    case .wrongDID: "wrong_did"
    case .tombstone: "tombstone_mismatch"
    case .documentHash: "document_hash_mismatch"
    case .version(let error): error.reason
    case .roles: "bad_roles"
    case .isolation: "bad_isolation"
    }
  }
}
