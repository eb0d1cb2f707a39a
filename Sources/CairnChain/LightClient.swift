public import CairnCrypto
public import CairnMerkle
public import CairnMessages

/// A header that a quorum of its epoch's validators finalized. Only ``LightClient`` makes one.
public struct CertifiedHeader: Hashable, Sendable {
  public let header: Header

  fileprivate init(_ header: Header) { self.header = header }

  /// The proven value of a key after this block; `nil` when its absence is proven.
  public func value(of key: Digest, proof: ProtoStateProof) throws(LightClientError) -> [UInt8]? {
    let proof: StateProof = try refusing { () throws(ChainError) in try StateProof(proof) }
    do { return try proof.verify(key: key, root: header.stateRoot) } catch { throw .proof(error) }
  }

  /// The entry of the log that the proof is for.
  public func entry(_ proof: ProtoLogProof) throws(LightClientError) -> (index: UInt64, entry: LogEntry) {
    let proof: LogProof = try refusing { () throws(ChainError) in try LogProof(proof) }
    let entry: LogEntry = try refusing { () throws(ChainError) in try LogEntry(decoding: proof.entry) }
    do {
      try proof.proof.verify(leafHash: LogTree.leafHash(proof.entry), size: header.logSize, root: header.logRoot)
    } catch {
      throw .proof(error)
    }
    return (proof.proof.index, entry)
  }
}

/// Why an answer was not believed.
public enum LightClientError: Error, Equatable, Sendable {
  case malformed(ChainError)
  case wrongNetwork
  /// The answer's epoch is not the known one, and no chain of epoch changes leads there.
  case unknownEpoch(UInt64)
  /// The header does not lie between the blocks with which its epoch began and ended: whoever signed it had no say there.
  case outsideEpoch(UInt64)
  case certificate(CertificateError)
  case missingCertificate
  /// A finalization, but of another block.
  case otherBlock
  case stale(ageMilliseconds: UInt64)
  /// Older than what this client had verified when it asked.
  case wentBack(from: UInt64, to: UInt64)
  /// Two finalized headers of one height, or a log that is not an extension of the known one: more than f validators lie.
  case fork(height: UInt64)
  case proof(ProofError)
  case missingProof

  /// Machine readable; a metric label and a log field.
  public var reason: String {
    switch self {
    case .malformed: "malformed_answer"
    case .wrongNetwork: "wrong_network"
    case .unknownEpoch: "unknown_epoch"
    case .outsideEpoch: "outside_epoch"
    case .certificate: "bad_certificate"
    case .missingCertificate: "missing_certificate"
    case .otherBlock: "certificate_of_other_block"
    case .stale: "stale"
    case .wentBack: "went_back"
    case .fork: "fork"
    case .proof: "bad_proof"
    case .missingProof: "missing_proof"
    }
  }
}

/// Decides which headers to believe: starting from a trust anchor it follows epoch changes, checks finalizations, and never
/// lets height or log go back. Pure; the shell gives it the time.
public struct LightClient: Sendable {
  /// Headers whose finalization was checked; a later answer under one of them costs no signature check.
  private static let rememberedHeaders = 32

  /// Epochs whose validators are remembered, for answers about the past.
  private static let rememberedEpochs = 1024

  public let network: Digest
  /// The newest known; the last one is open.
  private var epochs: [KnownEpoch]
  /// The newest certified header; `nil` before the first answer.
  public private(set) var newest: CertifiedHeader?
  /// Oldest first.
  private var recent: [CertifiedHeader] = []
  private let anchorHeight: UInt64
  private let anchorDigest: Digest
  private let scheme: any SignatureScheme

  public init(anchor: TrustAnchor, scheme: any SignatureScheme = Ed25519()) {
    self.scheme = scheme
    network = anchor.network
    epochs = [KnownEpoch(number: anchor.epoch, validators: anchor.validators, last: nil)]
    anchorHeight = anchor.height
    anchorDigest = anchor.digest
  }

  /// The newest epoch that is known.
  public var epoch: UInt64 { current.number }
  /// Its validators.
  public var validators: ValidatorSet { current.validators }

  /// The validators of an epoch; `nil` for one that is not known.
  public func validators(ofEpoch number: UInt64) -> ValidatorSet? { epochs.first { $0.number == number }?.validators }

  private var current: KnownEpoch {
    guard let last = epochs.last else { preconditionFailure("the anchor's epoch is known") }
    return last
  }

  /// Believes the header of an answer, or says why not.
  ///
  /// - Parameters:
  ///   - since: ``newest`` as it was when the request was sent: the answer must not be older, and must extend its log.
  ///   - now: Unix time in milliseconds.
  ///   - maximumStaleness: in milliseconds, how old the header may be.
  public mutating func verify(
    _ answer: ProtoProven, since: CertifiedHeader?, now: UInt64, maximumStaleness: UInt64
  ) throws(LightClientError) -> CertifiedHeader {
    let certified = try certify(answer)
    let age = now.subtractingReportingOverflow(certified.header.timeMilliseconds)
    guard age.overflow || age.partialValue <= maximumStaleness else { throw .stale(ageMilliseconds: age.partialValue) }
    if let since { try check(certified.header, extends: since.header, by: answer) }
    if certified.header.height > (newest?.header.height ?? 0) || newest == nil { newest = certified }
    return certified
  }

  /// Believes that the header of an answer is final, however old it may be. Neither ``newest`` nor any bound on time is involved:
  /// for proofs that stay true, such as a receipt's.
  public mutating func certify(_ answer: ProtoProven) throws(LightClientError) -> CertifiedHeader {
    let bytes = [UInt8](answer.header)
    if let known = recent.last(where: { $0.header.bytes == bytes }) { return known }
    try follow(answer.epochs)
    let header: Header = try refusing { () throws(ChainError) in try Header(decoding: bytes) }
    guard header.network == network else { throw .wrongNetwork }
    let epoch = try knownEpoch(of: header)
    if header.digest != anchorDigest {
      guard header.height > anchorHeight else { throw .wentBack(from: anchorHeight, to: header.height) }
      guard answer.hasCertificate else { throw .missingCertificate }
      try checkFinalization(answer.certificate, of: header, in: epoch)
    }
    guard !recent.contains(where: { $0.header.height == header.height }) else { throw .fork(height: header.height) }
    let certified = CertifiedHeader(header)
    recent.append(certified)
    if recent.count > Self.rememberedHeaders { recent.removeFirst() }
    return certified
  }

  /// Takes note of a certified header that the caller has shown to continue ``newest``: by the chain of parents between them.
  public mutating func learn(_ certified: CertifiedHeader) {
    if certified.header.height > (newest?.header.height ?? 0) || newest == nil { newest = certified }
  }

  /// The epoch of a header, if what is known of it allows for such a header. Validators of an epoch that is over can sign nothing beyond its
  /// last block that this client believes, whoever has their keys by now.
  private func knownEpoch(of header: Header) throws(LightClientError) -> KnownEpoch {
    guard let position = epochs.firstIndex(where: { $0.number == header.epoch }) else { throw .unknownEpoch(header.epoch) }
    let epoch = epochs[position]
    guard header.validatorsHash == epoch.validators.hash else { throw .unknownEpoch(header.epoch) }
    if position > 0, let first = epochs[position - 1].last {
      guard header.height > first.height, header.timeMilliseconds > first.timeMilliseconds else { throw .outsideEpoch(header.epoch) }
    }
    if let last = epoch.last, header.digest != last.digest {
      guard header.height < last.height, header.timeMilliseconds < last.timeMilliseconds else { throw .outsideEpoch(header.epoch) }
    }
    return epoch
  }

  private func checkFinalization(_ message: ProtoCertificate, of header: Header, in epoch: KnownEpoch) throws(LightClientError) {
    let validators = epoch.validators
    let certificate: Certificate = try refusing { () throws(ChainError) in
      try Certificate(message, validatorCount: validators.count)
    }
    guard certificate.statement.kind == .finalize, certificate.statement.digest == header.digest else { throw .otherBlock }
    do {
      _ = try ConsensusVerifier(network: network, epoch: epoch.number, validators: validators, scheme: scheme).verify(certificate)
    } catch {
      throw .certificate(error)
    }
  }

  /// Takes note of the epochs after those that are known: each one's last header names the next validators, and its own validators
  /// finalized it. Changes that are known already are passed over.
  public mutating func follow(_ changes: [ProtoEpochChange]) throws(LightClientError) {
    for change in changes { try follow(change) }
  }

  private mutating func follow(_ change: ProtoEpochChange) throws(LightClientError) {
    let header: Header = try refusing { () throws(ChainError) in try Header(decoding: [UInt8](change.header)) }
    guard header.network == network else { throw .wrongNetwork }
    guard header.epoch >= epoch else { return }
    guard header.epoch == epoch, header.validatorsHash == validators.hash, let nextHash = header.fields.nextValidatorsHash else {
      throw .unknownEpoch(header.epoch)
    }
    if header.digest != anchorDigest {
      guard header.height > anchorHeight else { throw .wentBack(from: anchorHeight, to: header.height) }
      _ = try knownEpoch(of: header)
      try checkFinalization(change.certificate, of: header, in: current)
    }
    let next: ValidatorSet = try refusing { () throws(ChainError) in try ValidatorSet(decoding: [UInt8](change.validators)) }
    guard next.hash == nextHash, epoch < .max else { throw .unknownEpoch(header.epoch) }
    // What was believed of this epoch beyond its end was signed by more than f liars.
    if let newest, newest.header.epoch == epoch, newest.header.height > header.height { throw .fork(height: newest.header.height) }
    epochs[epochs.count - 1].last = header
    epochs.append(KnownEpoch(number: epoch + 1, validators: next, last: nil))
    if epochs.count > Self.rememberedEpochs { epochs.removeFirst() }
  }

  private func check(_ header: Header, extends known: Header, by answer: ProtoProven) throws(LightClientError) {
    guard header.digest != known.digest else { return }
    guard header.height >= known.height else { throw .wentBack(from: known.height, to: header.height) }
    guard header.height > known.height else { throw .fork(height: header.height) }
    guard known.logSize > 0 else { return }
    guard answer.hasConsistency else { throw .missingProof }
    let proof: LogConsistencyProof = try refusing { () throws(ChainError) in try LogConsistencyProof(answer.consistency) }
    guard proof.oldSize == known.logSize, proof.newSize == header.logSize else { throw .missingProof }
    do { try proof.verify(oldRoot: known.logRoot, newRoot: header.logRoot) } catch { throw .fork(height: header.height) }
  }
}

/// What a client knows of an epoch.
private struct KnownEpoch: Sendable {
  let number: UInt64
  let validators: ValidatorSet
  /// Its last header, once it is known that the epoch is over.
  var last: Header?
}

private func refusing<Value>(_ body: () throws(ChainError) -> Value) throws(LightClientError) -> Value {
  do { return try body() } catch { throw .malformed(error) }
}
