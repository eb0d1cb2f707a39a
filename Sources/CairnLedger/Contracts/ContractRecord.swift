public import CairnCrypto
public import CairnIdentity
public import CairnMerkle
import CairnMessages

/// A policy contract as it stands: what its row in the state commits to.
///
/// Small, because it is read for every decision; what the contract says is in the ``ContractVersion`` whose hash it names, which never changes
/// and is read, and compiled, once. Each record commits to the ones before it, so that the newest proves what held at any earlier time.
public struct ContractRecord: Hashable, Sendable {
  /// Sixteen owners, 62 peaks, and the rest.
  public static let byteLimit = 8 << 10
  /// How long a version may be in force, or go on being so, without an auditor's word.
  public static let auditIntervalMilliseconds: UInt64 = 30 * 86_400_000

  public let id: ContractID
  /// In force; 1 for the first.
  public private(set) var version: UInt64
  /// Of the version in force.
  public private(set) var hash: Digest
  /// Of the version in force: ascending, each once.
  public private(set) var owners: [CairnDID]
  public private(set) var threshold: UInt32
  /// Every request is denied until two guardians say otherwise.
  public internal(set) var isFrozen: Bool
  /// Every request is denied, for ever.
  public internal(set) var isRetired: Bool
  /// Unix time.
  public private(set) var auditDueMilliseconds: UInt64
  /// The last attestation of the version in force; `nil` when there was none.
  public private(set) var attestation: Attestation?
  /// Header time of the block with the first version; Unix time.
  public let deployedMilliseconds: UInt64
  /// Of the block with the version in force.
  public private(set) var upgradedMilliseconds: UInt64
  /// Of the block that made this record.
  public private(set) var updatedMilliseconds: UInt64
  /// The records before this one.
  public private(set) var earlier: LogFrontier

  public struct Attestation: Hashable, Sendable {
    public let auditor: CairnDID
    /// Header time of its block; Unix time.
    public let timeMilliseconds: UInt64

    fileprivate var bytes: [UInt8] {
      var writer = WireWriter(capacity: 84)
      writer.field(1, auditor.description.utf8)
      writer.field(2, timeMilliseconds)
      return writer.bytes
    }
  }

  /// The record of a first version.
  init(deploying contract: ContractVersion, timeMilliseconds: UInt64) {
    id = contract.id
    (version, hash, owners, threshold) = (contract.version, contract.hash, contract.owners, contract.threshold)
    (isFrozen, isRetired, attestation) = (false, false, nil)
    auditDueMilliseconds = Self.auditDue(after: timeMilliseconds)
    (deployedMilliseconds, upgradedMilliseconds, updatedMilliseconds) = (timeMilliseconds, timeMilliseconds, timeMilliseconds)
    earlier = LogFrontier()
  }

  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoContractRecord = try .record(bytes, limit: Self.byteLimit)
    guard let id = ContractID(message.contract) else { throw .field("contract") }
    guard message.version >= 1 else { throw .field("version") }
    guard let hash = Digest(message.hash) else { throw .field("hash") }
    guard let owners = ContractVersion.owners(message.owners) else { throw .field("owners") }
    guard (1...UInt32(owners.count)).contains(message.threshold) else { throw .field("threshold") }
    (self.id, version, self.hash, self.owners, threshold) = (id, message.version, hash, owners, message.threshold)
    (isFrozen, isRetired) = (message.frozen, message.retired)
    auditDueMilliseconds = message.auditDueMs
    if message.hasAttestation {
      guard let auditor = try? CairnDID(parsing: message.attestation.auditor) else { throw .field("attestation") }
      attestation = Attestation(auditor: auditor, timeMilliseconds: message.attestation.attestedMs)
    } else {
      attestation = nil
    }
    (deployedMilliseconds, upgradedMilliseconds, updatedMilliseconds) = (message.deployedMs, message.upgradedMs, message.updatedMs)
    guard let earlier = LogFrontier(size: message.sequence, peakBytes: [UInt8](message.earlier)) else { throw .field("earlier") }
    self.earlier = earlier
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var writer = WireWriter(capacity: 72 * owners.count + 32 * earlier.peaks.count + 256)
    writer.field(1, id.name.utf8)
    writer.field(2, version)
    writer.field(3, hash.bytes)
    for owner in owners { writer.field(4, owner.description.utf8) }
    writer.field(5, UInt64(threshold))
    writer.field(6, isFrozen ? 1 : 0)
    writer.field(7, isRetired ? 1 : 0)
    writer.field(8, auditDueMilliseconds)
    if let attestation { writer.message(9, attestation.bytes) }
    writer.field(10, deployedMilliseconds)
    writer.field(11, upgradedMilliseconds)
    writer.field(12, updatedMilliseconds)
    writer.field(13, sequence)
    writer.field(14, earlier.peakBytes)
    return writer.bytes
  }

  /// Records before this one.
  public var sequence: UInt64 { earlier.size }

  /// Whether requests are decided by the policies at all.
  public var isInForce: Bool { !isFrozen && !isRetired }

  /// Whether nobody has audited the version in force in time. Says nothing about a retired contract, which decides nothing.
  ///
  /// - Parameter timeMilliseconds: Unix time.
  public func isAuditOverdue(at timeMilliseconds: UInt64) -> Bool { !isRetired && timeMilliseconds > auditDueMilliseconds }

  private static func auditDue(after timeMilliseconds: UInt64) -> UInt64 {
    let (due, overflows) = timeMilliseconds.addingReportingOverflow(auditIntervalMilliseconds)
    return overflows ? .max : due
  }
}

extension ContractRecord {
  /// The audit of one version says nothing about the next.
  mutating func upgrade(to contract: ContractVersion, timeMilliseconds: UInt64) {
    (version, hash, owners, threshold) = (contract.version, contract.hash, contract.owners, contract.threshold)
    upgradedMilliseconds = timeMilliseconds
    attestation = nil
    auditDueMilliseconds = Self.auditDue(after: timeMilliseconds)
  }

  mutating func attest(by auditor: CairnDID, timeMilliseconds: UInt64) {
    attestation = Attestation(auditor: auditor, timeMilliseconds: timeMilliseconds)
    auditDueMilliseconds = Self.auditDue(after: timeMilliseconds)
  }

  /// Makes this the record after another.
  ///
  /// - Parameter replaced: bytes of the record from which this one was made.
  mutating func supersede(_ replaced: [UInt8], timeMilliseconds: UInt64) {
    earlier.append(LogTree.leafHash(replaced))
    updatedMilliseconds = timeMilliseconds
  }
}
