public import CairnCrypto

/// What a validator can sign. `digest` is the digest of a header.
public enum Statement: Hashable, Sendable {
  case notarize(epoch: UInt64, view: UInt64, digest: Digest)
  case nullify(epoch: UInt64, view: UInt64)
  case finalize(epoch: UInt64, view: UInt64, digest: Digest)

  public enum Kind: UInt8, Hashable, Sendable, CaseIterable, Comparable {
    case notarize = 1
    case nullify = 2
    case finalize = 3

    public static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }

    private static let notarizeDomain = Domain("cairn/notarize/v1")
    private static let nullifyDomain = Domain("cairn/nullify/v1")
    private static let finalizeDomain = Domain("cairn/finalize/v1")

    fileprivate var domain: Domain {
      switch self {
      case .notarize: Self.notarizeDomain
      case .nullify: Self.nullifyDomain
      case .finalize: Self.finalizeDomain
      }
    }
  }

  public init?(kind: Kind, epoch: UInt64, view: UInt64, digest: Digest?) {
    switch (kind, digest) {
    case (.notarize, let digest?): self = .notarize(epoch: epoch, view: view, digest: digest)
    case (.finalize, let digest?): self = .finalize(epoch: epoch, view: view, digest: digest)
    case (.nullify, nil): self = .nullify(epoch: epoch, view: view)
    default: return nil
    }
  }

  public var kind: Kind {
    switch self {
    case .notarize: .notarize
    case .nullify: .nullify
    case .finalize: .finalize
    }
  }

  public var epoch: UInt64 {
    switch self {
    case .notarize(let epoch, _, _), .nullify(let epoch, _), .finalize(let epoch, _, _): epoch
    }
  }

  public var view: UInt64 {
    switch self {
    case .notarize(_, let view, _), .nullify(_, let view), .finalize(_, let view, _): view
    }
  }

  /// `nil` for Nullify.
  public var digest: Digest? {
    switch self {
    case .notarize(_, _, let digest), .finalize(_, _, let digest): digest
    case .nullify: nil
    }
  }

  /// What is signed: `domain || 0x00 || network(32) || epoch u64be || view u64be [|| digest(32)]`.
  public func signedBytes(network: Digest) -> [UInt8] {
    var bytes = kind.domain.prefix
    bytes.reserveCapacity(bytes.count + 80)
    network.withUnsafeBytes { bytes.append(contentsOf: $0) }
    bytes.append(bigEndian: epoch)
    bytes.append(bigEndian: view)
    digest?.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Whether one honest validator can never sign both: same epoch and view, and two Notarize or two Finalize of different
  /// blocks, Nullify with Finalize, or Notarize of one block with Finalize of another.
  public func conflicts(with other: Statement) -> Bool {
    guard epoch == other.epoch, view == other.view else { return false }
    switch (self, other) {
    case (.nullify, .finalize), (.finalize, .nullify): return true
    case (.nullify, _), (_, .nullify): return false
    default: return digest != other.digest
    }
  }
}

extension [UInt8] {
  mutating func append(bigEndian value: UInt64) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }
}
