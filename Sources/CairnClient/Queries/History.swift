public import CairnChain
import CairnCrypto
import CairnIdentity
public import CairnLedger
import CairnMessages
import CairnProtocol
import NIOCore

/// Everything that ever happened to a DID, proven back to its creation.
public struct ResolvedHistory: Sendable {
  /// What the history led to.
  public let current: ResolvedDID
  /// Newest first. Complete, except for a DID that the network started with when the genesis was not given: then everything
  /// but the creation.
  public let history: DIDHistory
  /// The newest header that took part in the proof.
  public let header: CertifiedHeader
}

/// A walk from the head of a DID towards its creation, one page of transactions at a time.
struct HistoryWalk: Sendable {
  /// Where the DID was created, which is where the walk has to end.
  enum Origin: Sendable {
    case transaction
    /// `nil` when the creation is not known here.
    case genesis(Genesis?)
  }

  var history: DIDHistory
  let origin: Origin
  var header: CertifiedHeader
  /// The next page is below this log index; 0 when there is none.
  var beforeIndex: UInt64
}

extension Query<HistoryWalk> {
  static func history(continuing walk: HistoryWalk) -> Query {
    let did = walk.history.did.description
    return Query(method: .history) { known in
      var request = ProtoHistoryRequest()
      request.did = did
      request.known = known.message
      request.beforeIndex = walk.beforeIndex
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let proven: ProtoProven = try decode(answer.bytes)
      var next = walk
      next.header = try trust.verify(proven, since: known)
      let page: ProtoHistoryPage = try decode([UInt8](proven.payload))
      guard page.nextBeforeIndex < walk.beforeIndex, page.nextBeforeIndex == 0 || !proven.log.isEmpty else {
        throw .otherAnswer("endless_history")
      }
      for message in proven.log { try next.append(ProvenEntry(message, under: next.header), network: trust.network) }
      next.beforeIndex = page.nextBeforeIndex
      if next.beforeIndex == 0 { try next.finish() }
      return next
    }
  }
}

extension HistoryWalk {
  fileprivate mutating func append(_ proven: ProvenEntry, network: Digest) throws(EndpointProblem) {
    guard case .transaction(let bytes) = proven.entry, let transaction = try? Transaction(decoding: bytes, network: network) else {
      throw .otherAnswer("not_a_transaction")
    }
    do { try history.append(transaction) } catch { throw .wrongHistory(error) }
  }

  /// Nothing may be missing.
  mutating func finish() throws(EndpointProblem) {
    guard !history.isComplete, case .genesis(let genesis) = origin else {
      guard history.isComplete else { throw .wrongHistory(.incomplete) }
      return
    }
    if let genesis {
      do { try history.append(genesis) } catch { throw .wrongHistory(error) }
      guard history.isComplete else { throw .wrongHistory(.incomplete) }
    } else {
      guard history.nextSequence == 0 else { throw .wrongHistory(.incomplete) }
    }
  }
}
