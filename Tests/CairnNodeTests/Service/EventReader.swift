import CairnChain
import CairnCrypto
import CairnMerkle
import CairnMessages
import CairnNetwork
import CairnProtocol
import NIOCore
import SwiftProtobuf
import Testing

@testable import CairnNode

/// A subscriber that follows the chain by the published rules, written apart from the client's.
struct EventReader {
  struct Seen: Equatable {
    let header: Header
    /// `nil` for one that came as its leaf hash.
    let transactions: [[UInt8]?]
  }

  private var light: LightClient
  private var frontier: LogFrontier?
  private(set) var height: UInt64

  init(_ chain: TestChain, after height: UInt64) {
    light = LightClient(anchor: chain.anchor)
    self.height = height
  }

  /// The blocks of the next batch, if it is what comes next.
  mutating func read(_ message: ByteBuffer) throws -> [Seen] {
    let batch = try ProtoEventBatch(serializedBytes: [UInt8](message.readableBytesView))
    #expect(batch.edge.isEmpty == (frontier != nil), "the first batch alone tells the edge")
    var log: LogFrontier
    if let frontier {
      log = frontier
    } else {
      log = try #require(LogFrontier(size: batch.firstIndex, peaks: batch.edge.compactMap { Digest($0) }))
    }
    #expect(log.size == batch.firstIndex)
    var seen: [Seen] = []
    for block in batch.blocks {
      let header = try Header(decoding: [UInt8](block.header))
      #expect(header.height == height + 1)
      if let parent = seen.last?.header { #expect(header.parent == parent.digest) }
      var transactions: [[UInt8]?] = []
      for entry in block.entries {
        if case .transaction(let bytes) = entry.kind {
          log.append(LogEntry.transaction([UInt8](bytes)).leafHash)
          transactions.append([UInt8](bytes))
        } else {
          log.append(try #require(Digest(entry.leafHash)))
          transactions.append(nil)
        }
      }
      #expect(log.size == header.logSize && log.root == header.logRoot)
      log.append(LogEntry.header(header.bytes).leafHash)
      seen.append(Seen(header: header, transactions: transactions))
      height = header.height
    }
    let last = try #require(seen.last?.header)
    var proven = ProtoProven()
    proven.header = batch.finalized.isEmpty ? .init(last.bytes) : batch.finalized
    proven.certificate = batch.certificate
    let certified = try light.certify(proven)
    if batch.finalized.isEmpty {
      #expect(certified.header == last)
    } else {
      var proof = ProtoLogProof()
      (proof.index, proof.path) = (last.logSize, batch.path)
      proof.entry = .init(LogEntry.header(last.bytes).bytes)
      _ = try certified.entry(proof)
    }
    frontier = log
    return seen
  }

  /// Batches until this height has been seen.
  mutating func read(_ stream: inout RPCStream.Iterator, to height: UInt64) async throws -> [Seen] {
    var seen: [Seen] = []
    while self.height < height { seen += try read(try #require(try await stream.next())) }
    return seen
  }
}

func eventsRequest(after height: UInt64, _ filter: ProtoEventFilter = ProtoEventFilter()) -> ProtoEventsRequest {
  var request = ProtoEventsRequest()
  request.afterHeight = height
  if filter != ProtoEventFilter() { request.filter = filter }
  return request
}

extension RPCConnection {
  func events(_ request: ProtoEventsRequest) -> RPCStream {
    stream(CairnMethod.events.rawValue, ByteBuffer(bytes: Canonical.encode(request)), last: true)
  }
}

/// Why a stream ends.
func end(of stream: RPCStream) async -> (status: CairnNetwork.RPCStatus, failure: ProtoFailure)? {
  do throws(CairnNetwork.RPCError) {
    for try await _ in stream {}
    return nil
  } catch {
    return refusal(error)
  }
}

/// Looks again until something has happened on another thread.
func eventually(_ condition: () -> Bool) async throws {
  let deadline = ContinuousClock.now + .seconds(30)
  while !condition() {
    try #require(ContinuousClock.now < deadline, "it never happened")
    try await Task.sleep(for: .milliseconds(1))
  }
}
