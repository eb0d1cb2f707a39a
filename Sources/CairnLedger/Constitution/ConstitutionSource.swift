public import CairnCrypto
import CairnMessages

/// The text of a constitution, not yet judged.
public struct ConstitutionSource: Hashable, Sendable {
  static let domain = Domain("cairn/constitution/v1")
  /// Of the policies. With the tests it fits into a transaction, so that trustees can replace it.
  public static let policyByteLimit = 32 << 10
  public static let testByteLimit = 8 << 10

  /// In Cedar's syntax.
  public let policies: String
  /// See ``ConstitutionTest``.
  public let tests: String
  /// H("cairn/constitution/v1" || 0x00 || canonical `Constitution`).
  public let hash: Digest

  public init(policies: String, tests: String) {
    (self.policies, self.tests) = (policies, tests)
    hash = .sha256(Self.domain, Canonical.encode(Self.message(policies, tests)))
  }

  init(_ message: ProtoConstitution) { self.init(policies: message.policies, tests: message.tests) }

  var message: ProtoConstitution { Self.message(policies, tests) }

  private static func message(_ policies: String, _ tests: String) -> ProtoConstitution {
    var message = ProtoConstitution()
    message.policies = policies
    message.tests = tests
    return message
  }

  /// By hash: texts compare as bytes.
  public static func == (left: ConstitutionSource, right: ConstitutionSource) -> Bool { left.hash == right.hash }
  public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
