import CairnCrypto

/// Two statements signed by one key about one view that exclude each other. Proves itself to anyone with the validator set.
///
/// The same two votes are always the same evidence, whichever was seen first.
public struct Evidence: Hashable, Sendable {
  /// Two votes in their fixed width, the smaller bytes first.
  public static let byteCount = 2 * Vote.byteCount

  public let first: Vote
  public let second: Vote

  /// `nil` unless the votes are one validator's and exclude each other. Their signatures are ``ConsensusVerifier``'s to check.
  public init?(_ one: Vote, _ other: Vote) {
    guard one.validator == other.validator,
      one.statement.conflicts(with: other.statement)
        || PlantedBug.everythingIsEvidence.isPlanted && one.statement.kind != other.statement.kind
    else { return nil }
    let isOrdered = one.bytes.lexicographicallyPrecedes(other.bytes)
    (first, second) = isOrdered ? (one, other) : (other, one)
  }

  public init(decoding bytes: [UInt8]) throws(ChainError) {
    guard bytes.count == Self.byteCount else { throw .encoding(.malformed) }
    let votes = (
      try Vote(decoding: Array(bytes.prefix(Vote.byteCount))), try Vote(decoding: Array(bytes.dropFirst(Vote.byteCount)))
    )
    guard let evidence = Evidence(votes.0, votes.1) else { throw .field("evidence") }
    guard evidence.first == votes.0 else { throw .encoding(.notCanonical) }
    self = evidence
  }

  public var bytes: [UInt8] { first.bytes + second.bytes }

  /// Index in the epoch's validator set.
  public var validator: Int { first.validator }
  public var epoch: UInt64 { first.statement.epoch }
  public var view: UInt64 { first.statement.view }
}

extension ConsensusVerifier {
  /// Whether the epoch's validator signed both statements.
  public func verify(_ evidence: Evidence) throws(CertificateError) -> Verified<Evidence> {
    _ = try verify(evidence.first)
    _ = try verify(evidence.second)
    return Verified(unchecked: evidence)
  }
}
