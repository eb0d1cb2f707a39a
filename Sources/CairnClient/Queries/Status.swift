public import CairnChain
import CairnIdentity
public import CairnLedger
import CairnMessages
import CairnProtocol
import NIOCore

/// A bit of a status list, and what proves it.
public struct StatusResolution: Equatable, Sendable {
  public let status: ProvenStatus
  /// The state after this header commits to the status, or to its later versions. For a moment after it, the status is as of this header.
  public let header: CertifiedHeader
  /// The `Proven` message: whoever holds a trust anchor can check it again.
  public let proof: [UInt8]

  public var isSet: Bool { status.isSet }
}

/// An answer about a status, whether or not there is one.
struct StatusAnswer: Sendable {
  let outcome: StatusOutcome
  let header: CertifiedHeader
  let proof: [UInt8]

  func resolution(of list: StatusListID) -> Result<StatusResolution, CairnError> {
    switch outcome {
    case .found(let status): .success(StatusResolution(status: status, header: header, proof: proof))
    case .notYetCreated(let record): .failure(.statusListNotYetCreated(record, provenBy: header))
    case .noList: .failure(.unknownStatusList(list, provenBy: header))
    }
  }
}

extension Query<StatusAnswer> {
  static func status(of index: UInt32, in list: StatusListID, at moment: StatusMoment) -> Query {
    Query(method: .status) { known in
      var request = ProtoStatusRequest()
      request.list = list.description
      request.index = index
      request.known = known.message
      switch moment {
      case .now: break
      case .height(let height): request.atHeight = height
      case .time(let milliseconds): request.atMs = milliseconds
      }
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let bytes = answer.bytes
      let proven: ProtoProven = try decode(bytes)
      let header = try trust.verify(proven, since: known)
      // The chunk's proof is there unless the list's shows that there is none.
      let keys = [list.stateKey] + (proven.state.count > 1 ? [list.chunkKey(StatusChunk.chunk(of: index))] : [])
      let values = try header.values(of: keys, in: proven)
      guard values[0] == nil || values.count == 2 else { throw .unproven(.missingProof) }
      let payload: ProtoStatusAnswer = try decode([UInt8](proven.payload))
      do throws(StatusError) {
        let outcome = try ProvenStatus.verify(
          list, index: index, at: moment, listValue: values[0], chunkValue: values.count == 2 ? values[1] : nil, payload)
        return StatusAnswer(outcome: outcome, header: header, proof: bytes)
      } catch {
        throw .wrongStatus(error)
      }
    }
  }
}

/// A whole status list, and what proves it.
public struct StatusListResolution: Equatable, Sendable {
  public let bits: StatusListBits
  /// Of the first page: ``StatusListBits/moment`` `now`, or after this header, means as of this header.
  public let header: CertifiedHeader
}

/// A status list on its way in, page by page.
struct StatusListWalk: Sendable {
  var collector: StatusListCollector
  /// Of the first page.
  var header: CertifiedHeader?
  /// `nil` while pages are missing.
  var outcome: StatusListOutcome?
}

extension Query<StatusListWalk> {
  static func statusList(continuing walk: StatusListWalk) -> Query {
    let (list, first) = (walk.collector.list, walk.collector.nextChunk)
    return Query(method: .statusList) { known in
      var request = ProtoStatusListRequest()
      request.list = list.description
      request.known = known.message
      request.firstChunk = first
      switch walk.collector.moment {
      case .now: break
      case .height(let height): request.atHeight = height
      case .time(let milliseconds): request.atMs = milliseconds
      }
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let proven: ProtoProven = try decode(answer.bytes)
      let header = try trust.verify(proven, since: known)
      let chunks = proven.state.indices.dropFirst().map { first &+ UInt32(truncatingIfNeeded: $0 - 1) }
      let values = try header.values(of: [list.stateKey] + chunks.map(list.chunkKey), in: proven)
      let page: ProtoStatusListPage = try decode([UInt8](proven.payload))
      var next = walk
      next.header = walk.header ?? header
      do throws(StatusError) {
        next.outcome = try next.collector.append(
          page, provenBy: header.header, listValue: values[0], chunkValues: Array(values.dropFirst()))
      } catch {
        throw .wrongStatus(error)
      }
      return next
    }
  }
}
