import CairnCrypto
public import CairnIdentity
public import CairnMessages

/// Which version of a DID is wanted.
public enum VersionSelector: Hashable, Sendable {
  case newest
  /// 0 after creation, then one more with every change.
  case id(UInt64)
  /// The one that was in force at this Unix time.
  case time(milliseconds: UInt64)
}

/// A DID as it was, or is, at one version, with its document; every byte of it committed to by a row of the state.
public struct ResolvedVersion: Hashable, Sendable {
  public let did: CairnDID
  public let record: DIDRecord
  /// The JSON document (RFC 8785).
  public let document: [UInt8]
  /// The DID as it is now.
  public let newest: DIDRecord
  /// Log index of the entry that made the newest version.
  public let newestChangedAt: UInt64
  /// When the next version replaced this one; Unix time. `nil` for the newest.
  public let nextUpdatedMilliseconds: UInt64?

  /// 0 after creation, then one more with every change.
  public var versionID: UInt64 { record.head.sequence }
  public var isNewest: Bool { nextUpdatedMilliseconds == nil }
  /// A deactivated version is the newest one: deactivation is for ever.
  public var isDeactivated: Bool { record.isDeactivated }
  /// Unix time.
  public var updatedMilliseconds: UInt64 { record.updatedMilliseconds }

  /// As the newest version of the DID; `nil` when it is none.
  public var asNewest: ResolvedDID? {
    isNewest ? ResolvedDID(record, changedAt: newestChangedAt, document: document) : nil
  }

  public init(_ newest: ResolvedDID) {
    (did, record, document) = (newest.did, newest.record, newest.document)
    (self.newest, newestChangedAt, nextUpdatedMilliseconds) = (newest.record, newest.changedAt, nil)
  }

  private init(_ version: DIDRecord, document: [UInt8], head: ProvenHead, nextUpdatedMilliseconds: UInt64?) throws(ResolutionError) {
    guard version.documentHash == .sha256(document) else { throw .documentHash }
    (did, record, self.document) = (head.record.did, version, document)
    (newest, newestChangedAt, self.nextUpdatedMilliseconds) = (head.record, head.changedAt, nextUpdatedMilliseconds)
  }
}

/// What a DID that exists was at the moment that was asked for.
public enum VersionOutcome: Hashable, Sendable {
  case found(ResolvedVersion)
  /// The DID was created later; Unix time.
  case notYetCreated(createdMilliseconds: UInt64)
}

extension ResolvedVersion {
  /// Checks what a node handed out against what the state proves. The newest record, proven by the state, commits to every earlier one;
  /// that a version was in force at a time is proven by the one after it.
  ///
  /// - Parameters:
  ///   - did: the one that was asked for.
  ///   - selector: the version that was asked for.
  ///   - stateValue: proven for ``CairnIdentity/CairnDID/stateKey`` of that DID.
  public static func verify(
    _ did: CairnDID, at selector: VersionSelector, stateValue: [UInt8], _ resolution: ProtoResolution
  ) throws(ResolutionError) -> VersionOutcome {
    let head = try ProvenHead(did, stateValue: stateValue, record: [UInt8](resolution.record))
    let document = [UInt8](resolution.document)
    let version = try resolution.hasVersion ? EarlierDIDVersion(resolution.version, of: head) : nil
    let successor = try resolution.hasSuccessor ? EarlierDIDVersion(resolution.successor, of: head) : nil
    let inForce: VersionInForce
    do throws(VersionError) {
      inForce = try Self.inForce(at: selector, head.record, version, successor)
    } catch {
      throw .version(error)
    }
    switch inForce {
    case .newest:
      return .found(try ResolvedVersion(head.record, document: document, head: head, nextUpdatedMilliseconds: nil))
    case .earlier:
      guard let version else { throw .version(.wrongVersion) }
      let next = successor?.record ?? head.record
      return .found(
        try ResolvedVersion(version.record, document: document, head: head, nextUpdatedMilliseconds: next.updatedMilliseconds))
    case .none:
      guard document.isEmpty else { throw .documentHash }
      return .notYetCreated(createdMilliseconds: head.record.createdMilliseconds)
    }
  }

  private static func inForce(
    at selector: VersionSelector, _ head: DIDRecord, _ version: EarlierDIDVersion?, _ successor: EarlierDIDVersion?
  ) throws(VersionError) -> VersionInForce {
    switch selector {
    case .newest:
      guard version == nil, successor == nil else { throw .wrongVersion }
      return .newest
    case .id(let id):
      return try VersionInForce.verify(
        id: id, newest: head.head.sequence, earlier: head.earlier, version: version?.proven, successor: successor?.proven)
    case .time(let time):
      return try VersionInForce.verify(
        at: time, newest: head.updatedMilliseconds, earlier: head.earlier, version: version?.proven, successor: successor?.proven
      ) { bytes in
        [version, successor].compactMap(\.self).first { $0.proven.record == bytes }?.record.updatedMilliseconds
      }
    }
  }
}

/// An earlier version of a DID's record, decoded, and not yet shown to be one.
private struct EarlierDIDVersion {
  let proven: EarlierVersion
  let record: DIDRecord

  init(_ message: ProtoEarlierVersion, of head: ProvenHead) throws(ResolutionError) {
    guard let proven = EarlierVersion(message) else { throw .version(.notCommitted) }
    self.proven = proven
    do { record = try DIDRecord(decoding: proven.record) } catch { throw .record(error) }
    guard record.did == head.record.did else { throw .wrongDID }
  }
}

extension Roles {
  /// Checks what a node handed out against what the state proves.
  ///
  /// - Parameters:
  ///   - stateValue: proven for ``CairnIdentity/CairnDID/rolesKey`` of the DID; `nil` when its absence is proven.
  ///   - record: bytes of the `RolesRecord`; empty when there is none.
  public init(stateValue: [UInt8]?, record: [UInt8]) throws(ResolutionError) {
    guard let stateValue else {
      guard record.isEmpty else { throw .recordHash }
      self = .none
      return
    }
    let value: StateValue
    do { value = try StateValue(decoding: stateValue) } catch { throw .stateValue(error) }
    guard value.type == .roles else { throw .wrongType }
    guard value.recordHash == .sha256(record) else { throw .recordHash }
    do { try self.init(decoding: record) } catch { throw .roles(error) }
  }
}
