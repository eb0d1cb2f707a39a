public import CairnCrypto
public import CairnIdentity
import CairnMessages
import Foundation
import SwiftProtobuf

/// One version of a policy contract: everything that its owners approve.
///
/// Well formed: sizes, names and thresholds are right. Whether the policies may be deployed is ``CheckedContract``'s to say.
public struct ContractVersion: Sendable {
  /// Of the canonical encoding: leaves room in a transaction for as many signatures as it may have.
  public static let byteLimit = 48 << 10
  /// Who answers for a service, or the councils that do; a larger circle is one DID with many keys.
  public static let ownerLimit = 16

  public let id: ContractID
  /// 1 for the first.
  public let version: UInt64
  /// ``hash`` of the version before; `nil` in the first.
  public let previous: Digest?
  /// Cedar policies, UTF-8.
  public let policies: [UInt8]
  /// Cedar schema, UTF-8.
  public let schema: [UInt8]
  /// JSON, as ``ContractTests`` reads it; may be empty.
  public let tests: [UInt8]
  /// Ascending, each once; 1...16.
  public let owners: [CairnDID]
  /// How many owners approve a version, or the end of the contract.
  public let threshold: UInt32
  /// The canonical `ContractVersion`.
  public let bytes: [UInt8]
  /// H(``bytes``): what the contract's record and the next version name, and what the row with this version commits to.
  public let hash: Digest

  /// - Parameters:
  ///   - owners: in any order; twice is once.
  ///   - network: the one that the owners must be of.
  public init(
    id: ContractID, version: UInt64 = 1, previous: Digest? = nil, policies: [UInt8], schema: [UInt8], tests: [UInt8] = [],
    owners: [CairnDID], threshold: UInt32 = 1, network: Digest
  ) throws(OperationError) {
    guard let policies = String(validating: policies, as: UTF8.self) else { throw .malformed("policies") }
    guard let schema = String(validating: schema, as: UTF8.self) else { throw .malformed("schema") }
    guard let tests = String(validating: tests, as: UTF8.self) else { throw .malformed("tests") }
    var message = ProtoContractVersion()
    message.contract = id.name
    message.version = version
    if let previous { message.previous = Data(previous.bytes) }
    message.policies = policies
    message.schema = schema
    message.tests = tests
    message.owners = Set(owners).map(\.description).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    message.threshold = threshold
    try self.init(message)
    guard self.owners.allSatisfy({ $0.isOf(network: network) }) else { throw .foreignDID }
  }

  init(_ message: ProtoContractVersion, network: Digest) throws(OperationError) {
    try self.init(message)
    guard owners.allSatisfy({ $0.isOf(network: network) }) else { throw .foreignDID }
  }

  private init(_ message: ProtoContractVersion) throws(OperationError) {
    bytes = Canonical.encode(message)
    guard bytes.count <= Self.byteLimit else { throw .contract(.tooLarge(bytes.count)) }
    guard let id = ContractID(message.contract) else { throw .malformed("contract") }
    guard message.version >= 1 else { throw .malformed("version") }
    self.id = id
    version = message.version
    if version == 1 {
      guard message.previous.isEmpty else { throw .malformed("previous") }
      previous = nil
    } else {
      guard let previous = Digest(message.previous) else { throw .malformed("previous") }
      self.previous = previous
    }
    (policies, schema, tests) = (Array(message.policies.utf8), Array(message.schema.utf8), Array(message.tests.utf8))
    guard let owners = Self.owners(message.owners) else { throw .malformed("owners") }
    guard (1...UInt32(owners.count)).contains(message.threshold) else { throw .malformed("threshold") }
    (self.owners, threshold) = (owners, message.threshold)
    hash = .sha256(bytes)
  }

  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoContractVersion = try .record(bytes, limit: Self.byteLimit)
    do { try self.init(message) } catch { throw .field(error.reason) }
  }

  /// `nil` unless there are 1 to 16, each above the one before it.
  static func owners(_ texts: [String]) -> [CairnDID]? {
    guard (1...ownerLimit).contains(texts.count) else { return nil }
    let owners = texts.compactMap { try? CairnDID(parsing: $0) }
    guard owners.count == texts.count, zip(texts, texts.dropFirst()).allSatisfy({ $0.utf8.lexicographicallyPrecedes($1.utf8) }) else {
      return nil
    }
    return owners
  }

  var message: ProtoContractVersion {
    guard let message = try? ProtoContractVersion(serializedBytes: bytes) else { preconditionFailure("these bytes were encoded here") }
    return message
  }
}

extension ContractVersion: Hashable {
  public static func == (left: ContractVersion, right: ContractVersion) -> Bool { left.bytes == right.bytes }
  public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
