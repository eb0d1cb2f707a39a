public import CairnCrypto
package import CairnMessages
import Foundation

/// A signature and the key that it is by.
public struct KeySignature: Hashable, Sendable {
  public let key: PublicKey
  public let signature: Signature

  public init(key: PublicKey, signature: Signature) {
    (self.key, self.signature) = (key, signature)
  }

  package init?(_ message: ProtoSignature) {
    guard let key = PublicKey(message.publicKey), let signature = Signature(message.signature) else { return nil }
    self.init(key: key, signature: signature)
  }

  package var message: ProtoSignature {
    var message = ProtoSignature()
    message.publicKey = Data(key.bytes)
    message.signature = Data(signature.bytes)
    return message
  }
}

extension Sequence<KeySignature> {
  /// Strictly ascending by key, so that each key is there once.
  var isAscending: Bool {
    var previous: PublicKey?
    for signature in self {
      if let previous, previous >= signature.key { return false }
      previous = signature.key
    }
    return true
  }
}

/// The keys whose signatures over one message were verified.
struct Signers: Sendable {
  let keys: [PublicKey]
  /// What each key was announced as, see ``Control/nextDigest(of:)``.
  let digests: [Digest]

  init(_ keys: [PublicKey]) {
    self.keys = keys
    digests = keys.map(Control.nextDigest(of:))
  }

  func meetUpdateThreshold(of control: Control) -> Bool {
    var sum: UInt64 = 0
    for candidate in control.update where keys.contains(candidate.key) { sum += UInt64(candidate.weight) }
    return sum >= UInt64(control.updateThreshold)
  }

  func meetNextThreshold(of control: Control) -> Bool { weight(of: control.next) >= UInt64(control.nextThreshold) }

  /// Never without recovery keys.
  func meetRecoveryThreshold(of control: Control) -> Bool {
    !control.recovery.isEmpty && weight(of: control.recovery) >= UInt64(control.recoveryThreshold)
  }

  private func weight(of list: [WeightedDigest]) -> UInt64 {
    var sum: UInt64 = 0
    for candidate in list where digests.contains(candidate.digest) { sum += UInt64(candidate.weight) }
    return sum
  }
}
