import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
package import CairnMessages
import CairnNetwork
import Foundation

// Status lists for verifiers who know nothing of this ledger, and what issuers sign for them.
extension QueryService {
  /// The keys of an issuer that a published document is checked with: a document has few for assertions, and each costs a check.
  private static let issuerKeyLimit = 8

  /// The list as a document: as its issuer signed it, when that says what the ledger says; otherwise unsigned. `nil` when there was no such
  /// list at the moment.
  func document(
    _ form: ProtoStatusListForm, of record: StatusListRecord, at moment: StatusMoment, under view: HeadView
  ) throws(ReadFailure) -> (bytes: [UInt8], isSigned: Bool)? {
    guard record.exists(at: moment) else { return nil }
    let header = view.header
    let document = StatusListDocument(
      record, chunks: try bits(of: record, at: moment, in: view.head.state), timeMilliseconds: try time(of: moment, under: view))
    // What was signed for the present says nothing about the past, whose bits may happen to be the same.
    let isPresent = moment.isAtOrAfter(height: header.height, milliseconds: header.timeMilliseconds)
    if isPresent, let published = published[record.list, form], published.bits == document.digest,
      published.validUntilMilliseconds.map({ $0 > Int64(clamping: header.timeMilliseconds) }) ?? true
    {
      return (published.bytes, true)
    }
    guard let bytes = document.unsigned(form) else { return nil }
    return (bytes, false)
  }

  /// Takes a list as its issuer signed it, if it says what the ledger says now.
  package func publish(_ request: ProtoPublishStatusListRequest) throws(ServiceFailure) -> ProtoPublishStatusListResponse {
    let list = try listID(request.list)
    let view = view
    let (record, keys, bits): (StatusListRecord, [PublicKey], [UInt8])
    do throws(ReadFailure) {
      (record, keys, bits) = try publishing(list, under: view)
    } catch {
      guard case .refused(let failure) = error else { throw .storageFailed }
      throw failure
    }
    let header = view.header
    let document = StatusListDocument(record, chunks: bits, timeMilliseconds: header.timeMilliseconds)
    do throws(PublishingError) {
      let now = Timestamp(milliseconds: Int64(clamping: header.timeMilliseconds))
      let verified = try document.verify([UInt8](request.document), request.form, signedByOneOf: keys, now: now)
      published.publish(verified, of: list, form: request.form)
    } catch {
      throw ServiceFailure(error)
    }
    return ProtoPublishStatusListResponse()
  }

  private func publishing(
    _ list: StatusListID, under view: HeadView
  ) throws(ReadFailure) -> (record: StatusListRecord, keys: [PublicKey], bits: [UInt8]) {
    var answer = ProvenAnswer(under: view)
    guard let record = try prove(list, in: &answer) else { throw .refused(.unknownStatusList) }
    let state = view.head.state
    let issuer = try readingLedger { () throws(LedgerFault) in try state.version(of: list.issuer)?.record }
    guard let issuer, !issuer.isDeactivated else { throw .refused(.issuerNotActive) }
    let methods = issuer.document.document.verificationMethods.filter { $0.purposes.contains(.assertionMethod) }
    let keys = methods.compactMap { (try? Multikey($0.multikey))?.ed25519 }
    return (record, Array(keys.prefix(Self.issuerKeyLimit)), try bits(of: record, at: .now, in: state))
  }

  /// Chunk after chunk.
  private func bits(of record: StatusListRecord, at moment: StatusMoment, in state: LedgerState) throws(ReadFailure) -> [UInt8] {
    var bits: [UInt8] = []
    bits.reserveCapacity(Int(record.chunkCount) * StatusChunk.byteCount)
    for index in 0..<record.chunkCount {
      let chunk = try chunk(forKey: record.list.chunkKey(index), at: moment, in: state)
      bits += chunk.bits ?? Array(repeating: 0, count: StatusChunk.byteCount)
    }
    return bits
  }

  /// Of which the document is, Unix time in milliseconds.
  private func time(of moment: StatusMoment, under view: HeadView) throws(ReadFailure) -> UInt64 {
    switch moment {
    case .now: return view.header.timeMilliseconds
    case .time(let milliseconds): return min(milliseconds, view.header.timeMilliseconds)
    case .height(let height):
      guard height < view.header.height else { return view.header.timeMilliseconds }
      do {
        guard let header = try backend.header(atHeight: height) else { throw ServiceFailure.storageFailed }
        return header.timeMilliseconds
      } catch {
        throw .refused(.storageFailed)
      }
    }
  }
}

extension ServiceFailure {
  fileprivate static let unknownStatusList = ServiceFailure(
    .notFound, "unknown_status_list", "There is no such status list: create it first.")

  fileprivate static let issuerNotActive = ServiceFailure(
    .failedPrecondition, "issuer_not_active", "The list's issuer is deactivated: nobody can sign for it any more.")

  fileprivate init(_ error: PublishingError) {
    switch error {
    case .form: self.init(.invalidArgument, error.reason, "Only credentials and tokens are published: name one of those forms.")
    case .noIssuerKey:
      self.init(.failedPrecondition, error.reason, "The issuer's document has no Ed25519 key for assertions: add one first.")
    case .document: self.init(.invalidArgument, error.reason, "The document is not believed (\(error.reason)): sign the list again.")
    case .stale:
      self.init(
        .failedPrecondition, error.reason, "The document does not say what the ledger says now: take the list again, and sign that.")
    }
  }
}
