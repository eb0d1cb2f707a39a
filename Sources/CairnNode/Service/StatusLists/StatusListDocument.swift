import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages

/// A status list in the forms that verifiers read who know nothing of this ledger.
struct StatusListDocument {
  /// After which a reader should look again. Revocations are visible at once to those who ask for a proof; this is for the others.
  private static let timeToLiveMilliseconds: Int64 = 60_000

  let record: StatusListRecord
  let bits: StatusBits
  /// The state of which moment it is.
  let time: Timestamp

  /// - Parameter chunks: the list's bits, chunk after chunk, 256 bytes each.
  init(_ record: StatusListRecord, chunks: [UInt8], timeMilliseconds: UInt64) {
    self.record = record
    let byteCount = Int(max(UInt64(record.length), StatusBits.minimumLength) + 7) / 8
    let padding = [UInt8](repeating: 0, count: max(0, byteCount - chunks.count))
    bits = StatusBits(bytes: Array((chunks + padding).prefix(byteCount)))
    time = Timestamp(milliseconds: Int64(clamping: timeMilliseconds))
  }

  /// H of the bits: what a published document must say to be served.
  var digest: Digest { .sha256(bits.bytes) }

  /// What the node itself can say; the ledger has no issuer's keys.
  func unsigned(_ form: ProtoStatusListForm) -> [UInt8]? {
    switch form {
    case .credential:
      guard let issuer = try? DID(parsing: record.list.issuer.description) else { return nil }
      let credential = StatusListCredential(
        url: record.list.description, issuer: issuer, purpose: record.purpose, bits: bits, validFrom: time,
        timeToLiveMilliseconds: Self.timeToLiveMilliseconds)
      return (try? credential.json()).flatMap { try? JCS.encode($0) }
    case .token:
      let token = StatusListToken(
        url: record.list.description, issuedAt: time, timeToLiveSeconds: Self.timeToLiveMilliseconds / 1_000,
        statuses: TokenStatusList(bits))
      return try? JCS.encode(token.claims)
    case .chunks, .UNRECOGNIZED: return nil
    }
  }

  /// Whether a signed document says what the ledger says, about this list.
  ///
  /// - Parameters:
  ///   - keys: of the issuer, for assertions.
  ///   - now: Unix time.
  func verify(
    _ document: [UInt8], _ form: ProtoStatusListForm, signedByOneOf keys: [PublicKey], now: Timestamp
  ) throws(PublishingError) -> PublishedStatusLists.Document {
    guard !keys.isEmpty else { throw .noIssuerKey }
    let policy = VerificationPolicy(now: now)
    var refusal = PublishingError.form
    for key in keys {
      do throws(StatusListDocumentError) {
        let (url, purposes, said, validUntil) = try Self.read(document, form, by: key, policy)
        guard let url, (try? StatusListID(reference: url)) == record.list else { throw .refused([.malformed("id")]) }
        guard purposes.map({ $0 == [record.purpose] }) ?? true else { throw .refused([.malformed("statusPurpose")]) }
        guard said == bits else { refusal = .stale; continue }
        return PublishedStatusLists.Document(bytes: document, bits: digest, validUntilMilliseconds: validUntil?.milliseconds)
      } catch {
        refusal = .document(error)
      }
    }
    throw refusal
  }

  private static func read(
    _ document: [UInt8], _ form: ProtoStatusListForm, by key: PublicKey, _ policy: VerificationPolicy
  ) throws(StatusListDocumentError) -> (url: String?, purposes: [StatusListPurpose]?, bits: StatusBits?, validUntil: Timestamp?) {
    switch form {
    case .credential:
      let credential = try StatusListCredential(verifying: document, by: key, under: policy)
      return (credential.url, credential.purposes, credential.bits, credential.validUntil)
    case .token:
      let token = try StatusListToken(verifying: document, by: key, under: policy)
      return (token.url, nil, token.statuses.statusBits, token.expires)
    case .chunks, .UNRECOGNIZED: throw .refused([.unsupported("This form")])
    }
  }
}

/// Why a published status list is not taken.
enum PublishingError: Error, Equatable {
  /// Neither a credential nor a token.
  case form
  /// The issuer has no key for assertions.
  case noIssuerKey
  case document(StatusListDocumentError)
  /// It does not say what the ledger says now.
  case stale

  var reason: String {
    switch self {
    case .form: "unsupported_form"
    case .noIssuerKey: "no_issuer_key"
    case .document(let error): error.reason
    case .stale: "stale_status_list"
    }
  }
}
