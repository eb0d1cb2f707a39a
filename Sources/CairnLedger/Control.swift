public import CairnCrypto
public import CairnIdentity
import CairnMessages
import Foundation
import SwiftProtobuf

/// A key and how much its signature counts.
public struct WeightedKey: Hashable, Sendable {
  public let key: PublicKey
  /// At least 1.
  public let weight: UInt32

  public init(_ key: PublicKey, weight: UInt32 = 1) {
    (self.key, self.weight) = (key, weight)
  }
}

/// The digest of a key that is not revealed yet, and how much the key's signature will count.
public struct WeightedDigest: Hashable, Sendable {
  /// As ``Control/nextDigest(of:)`` makes it.
  public let digest: Digest
  /// At least 1.
  public let weight: UInt32

  public init(_ digest: Digest, weight: UInt32 = 1) {
    (self.digest, self.weight) = (digest, weight)
  }
}

/// Who may change a DID. Lives beside the document.
///
/// Well formed: the lists are bounded and without duplicates, and every threshold can be reached. Whether the update keys are
/// points of the curve is checked where they are registered, see ``TransactionVerifier``.
public struct Control: Sendable {
  /// Keys in one list. A quorum of people or devices has a handful; and every update key costs each node a point check.
  public static let keyLimit = 16
  static let nextKeyDomain = Domain("cairn/next-key/v1")

  /// Edit the document, deactivate, and answer for transactions. At least one.
  public let update: [WeightedKey]
  public let updateThreshold: UInt32
  /// Keys that the next rotation must reveal (pre-rotation). At least one: a DID without could never leave a stolen key.
  public let next: [WeightedDigest]
  public let nextThreshold: UInt32
  /// Cold keys that may replace all others; may be empty.
  public let recovery: [WeightedDigest]
  /// Zero exactly when there are no recovery keys.
  public let recoveryThreshold: UInt32
  /// A DID that may rotate or deactivate this one.
  public let controller: CairnDID?
  /// The canonical encoding.
  public let bytes: [UInt8]

  public init(
    update: [WeightedKey], updateThreshold: UInt32 = 1, next: [WeightedDigest], nextThreshold: UInt32 = 1,
    recovery: [WeightedDigest] = [], recoveryThreshold: UInt32 = 0, controller: CairnDID? = nil
  ) throws(ControlError) {
    (self.update, self.updateThreshold) = (update, updateThreshold)
    (self.next, self.nextThreshold) = (next, nextThreshold)
    (self.recovery, self.recoveryThreshold) = (recovery, recoveryThreshold)
    self.controller = controller
    var message = ProtoControl()
    message.update = update.map(\.message)
    message.updateThreshold = updateThreshold
    message.next = next.map(\.message)
    message.nextThreshold = nextThreshold
    message.recovery = recovery.map(\.message)
    message.recoveryThreshold = recoveryThreshold
    if let controller { message.controller = controller.description }
    bytes = Canonical.encode(message)
    try checkShape()
  }

  /// One key now and one key next, the usual case of an agent.
  public init(update: PublicKey, next: PublicKey, recovery: PublicKey? = nil, controller: CairnDID? = nil) throws(ControlError) {
    try self.init(
      update: [WeightedKey(update)], next: [WeightedDigest(Self.nextDigest(of: next))],
      recovery: recovery.map { [WeightedDigest(Self.nextDigest(of: $0))] } ?? [], recoveryThreshold: recovery == nil ? 0 : 1,
      controller: controller)
  }

  /// H("cairn/next-key/v1" || 0x00 || public key).
  public static func nextDigest(of key: PublicKey) -> Digest { .sha256(nextKeyDomain, key.bytes) }

  init(_ message: ProtoControl) throws(ControlError) {
    guard message.update.count <= Self.keyLimit else { throw .tooManyKeys(.update) }
    guard message.next.count <= Self.keyLimit else { throw .tooManyKeys(.next) }
    guard message.recovery.count <= Self.keyLimit else { throw .tooManyKeys(.recovery) }
    update = try message.update.map { message throws(ControlError) in
      guard let key = PublicKey(message.publicKey) else { throw .invalidKey(.update) }
      return WeightedKey(key, weight: message.weight)
    }
    next = try Self.digests(message.next, .next)
    recovery = try Self.digests(message.recovery, .recovery)
    (updateThreshold, nextThreshold, recoveryThreshold) = (message.updateThreshold, message.nextThreshold, message.recoveryThreshold)
    do { controller = message.controller.isEmpty ? nil : try CairnDID(parsing: message.controller) } catch {
      throw .invalidController(error)
    }
    bytes = Canonical.encode(message)
    try checkShape()
  }

  private static func digests(_ messages: [ProtoWeightedDigest], _ list: KeyList) throws(ControlError) -> [WeightedDigest] {
    try messages.map { message throws(ControlError) in
      guard let digest = Digest(message.digest) else { throw .invalidKey(list) }
      return WeightedDigest(digest, weight: message.weight)
    }
  }

  var message: ProtoControl {
    guard let message = try? ProtoControl(serializedBytes: bytes) else { preconditionFailure("these bytes were encoded here") }
    return message
  }
}

extension Control {
  private func checkShape() throws(ControlError) {
    guard !update.isEmpty else { throw .noKeys(.update) }
    guard !next.isEmpty else { throw .noKeys(.next) }
    try Self.check(.update, update.map { ($0.key, $0.weight) }, threshold: updateThreshold)
    try Self.check(.next, next.map { ($0.digest, $0.weight) }, threshold: nextThreshold)
    guard !recovery.isEmpty else {
      guard recoveryThreshold == 0 else { throw .unreachableThreshold(.recovery) }
      return
    }
    try Self.check(.recovery, recovery.map { ($0.digest, $0.weight) }, threshold: recoveryThreshold)
  }

  private static func check<Key: Equatable>(
    _ list: KeyList, _ keys: [(key: Key, weight: UInt32)], threshold: UInt32
  ) throws(ControlError) {
    guard keys.count <= keyLimit else { throw .tooManyKeys(list) }
    var sum: UInt64 = 0
    for (index, (key, weight)) in keys.enumerated() {
      guard weight > 0 else { throw .zeroWeight(list) }
      guard !keys[..<index].contains(where: { $0.key == key }) else { throw .duplicateKey(list) }
      sum += UInt64(weight)
    }
    guard threshold > 0, UInt64(threshold) <= sum else { throw .unreachableThreshold(list) }
  }
}

extension Control: Hashable {
  public static func == (left: Control, right: Control) -> Bool { left.bytes == right.bytes }
  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension WeightedKey {
  fileprivate var message: ProtoWeightedKey {
    var message = ProtoWeightedKey()
    message.publicKey = Data(key.bytes)
    message.weight = weight
    return message
  }
}

extension WeightedDigest {
  fileprivate var message: ProtoWeightedDigest {
    var message = ProtoWeightedDigest()
    message.digest = Data(digest.bytes)
    message.weight = weight
    return message
  }
}
