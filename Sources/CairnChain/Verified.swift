public import CairnCrypto

/// A value whose signatures were checked. Only this module makes one: from the verifier, from a signing key, or from
/// verified parts.
public struct Verified<Value: Sendable>: Sendable {
  public let value: Value

  init(unchecked value: Value) { self.value = value }
}

extension Verified: Equatable where Value: Equatable {}
extension Verified: Hashable where Value: Hashable {}

/// Checks what the validators of one epoch signed.
public struct ConsensusVerifier: Sendable {
  public let network: Digest
  public let epoch: UInt64
  public let validators: ValidatorSet
  private let scheme: any SignatureScheme

  public init(network: Digest, epoch: UInt64, validators: ValidatorSet, scheme: any SignatureScheme = Ed25519()) {
    self.network = network
    self.epoch = epoch
    self.validators = validators
    self.scheme = scheme
  }

  public func verify(_ vote: Vote) throws(CertificateError) -> Verified<Vote> {
    guard vote.statement.epoch == epoch else { throw .wrongEpoch(vote.statement.epoch) }
    try check(vote.signature, by: vote.validator, for: vote.statement.signedBytes(network: network))
    return Verified(unchecked: vote)
  }

  public func verify(_ certificate: Certificate) throws(CertificateError) -> Verified<Certificate> {
    guard certificate.statement.epoch == epoch else { throw .wrongEpoch(certificate.statement.epoch) }
    guard certificate.signatures.count >= validators.quorum else {
      throw .belowQuorum(signers: certificate.signatures.count, quorum: validators.quorum)
    }
    let message = certificate.statement.signedBytes(network: network)
    var previous = -1
    for (validator, signature) in certificate.signatures {
      guard validator > previous else { throw .unknownSigner }
      previous = validator
      if PlantedBug.firstSignatureOnly.isPlanted, validator != certificate.signers.first { continue }
      try check(signature, by: validator, for: message)
    }
    return Verified(unchecked: certificate)
  }

  /// Checks the leader's vote and every certificate that travels with a proposal. What the proposal says is the engine's to
  /// judge.
  ///
  /// - Parameter known: a certificate for the statement that was verified before, if there is one. It takes the place of the
  ///   one that came, whose signatures are then neither checked nor kept: a sender cannot pass bad ones off as verified.
  public func verify(
    _ proposal: Proposal, known: (Statement) -> Verified<Certificate>? = { _ in nil }
  ) throws(CertificateError) -> Verified<Proposal> {
    if let vote = proposal.vote { _ = try verify(vote) }
    var parent: Certificate?
    if let received = proposal.parent { parent = try verified(received, known: known) }
    var skips: [Certificate] = []
    for skip in proposal.skips { skips.append(try verified(skip, known: known)) }
    return Verified(unchecked: Proposal(block: proposal.block, vote: proposal.vote, parent: parent, skips: skips))
  }

  private func verified(
    _ certificate: Certificate, known: (Statement) -> Verified<Certificate>?
  ) throws(CertificateError) -> Certificate {
    guard let known = known(certificate.statement) else { return try verify(certificate).value }
    precondition(known.value.statement == certificate.statement, "a known certificate is about the statement that was asked for")
    return known.value
  }

  private func check(_ signature: Signature, by validator: Int, for message: [UInt8]) throws(CertificateError) {
    guard let key = validators[validator]?.consensusKey else { throw .unknownSigner }
    guard scheme.isValid(signature, by: key, for: message) else { throw .badSignature(validator: validator) }
  }
}

extension Verified<Vote> {
  /// A vote made by the key's holder is as good as a verified one.
  public static func signed(_ statement: Statement, network: Digest, validator: Int, key: SigningKey) -> Verified<Vote> {
    let signature = key.signature(for: statement.signedBytes(network: network))
    return Verified(unchecked: Vote(statement: statement, validator: validator, signature: signature))
  }

  /// A vote that comes back from this node's own safety records, where only verified votes go.
  package static func recovered(_ vote: Vote) -> Verified<Vote> { Verified(unchecked: vote) }
}

extension Verified<Proposal> {
  /// What a verified proposal carries is verified, each part alone.
  public var vote: Verified<Vote>? { value.vote.map(Verified<Vote>.init(unchecked:)) }
  public var parent: Verified<Certificate>? { value.parent.map(Verified<Certificate>.init(unchecked:)) }
  public var skips: [Verified<Certificate>] { value.skips.map(Verified<Certificate>.init(unchecked:)) }

  /// A proposal that this node made from verified parts, or that comes back from its own checksummed store.
  package static func own(_ proposal: Proposal) -> Verified<Proposal> { Verified(unchecked: proposal) }
}

extension Verified<Certificate> {
  /// A certificate from verified votes for one statement, at most one a validator.
  ///
  /// - Returns: `nil` below the quorum. Traps when the votes differ in their statement: the caller tallies by statement.
  public static func assembled(from votes: some Sequence<Verified<Vote>>, quorum: Int) -> Verified<Certificate>? {
    let votes = votes.map(\.value).sorted { $0.validator < $1.validator }
    guard let statement = votes.first?.statement, votes.count >= quorum else { return nil }
    precondition(votes.allSatisfy { $0.statement == statement }, "a certificate is about one statement")
    precondition(zip(votes, votes.dropFirst()).allSatisfy { $0.validator < $1.validator }, "a validator signs a certificate once")
    return Verified(unchecked: Certificate(statement: statement, signatures: votes.map { ($0.validator, $0.signature) }))
  }

  /// A certificate that comes back from this node's own checksummed store, where only verified ones go.
  package static func recovered(_ certificate: Certificate) -> Verified<Certificate> { Verified(unchecked: certificate) }
}
