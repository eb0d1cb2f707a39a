import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import CairnNode
import CairnTestKit
import Foundation
import HTTPTypes
import SwiftProtobuf
import Synchronization

@testable import CairnGateway

/// A node that answers what the test says, and remembers what it was asked.
final class StubSource: GatewaySource {
  private struct State {
    var answer: Result<[UInt8], ServiceFailure> = .success([])
    var status: ProtoNodeStatus?
    var asked: [ProtoResolveRequest] = []
    var lists: [ProtoStatusListRequest] = []
  }

  let network: Digest
  let heartbeatMilliseconds: UInt64 = 5_000
  private let state = Mutex(State())

  init(network: Digest) { self.network = network }

  func answer(with resolution: ProtoResolution?) {
    var proven = ProtoProven()
    if let resolution { proven.payload = (try? resolution.serializedData()) ?? Data() }
    let bytes: [UInt8] = (try? proven.serializedBytes()) ?? []
    state.withLock { $0.answer = .success(bytes) }
  }

  func answer(with bytes: [UInt8]) { state.withLock { $0.answer = .success(bytes) } }
  func fail(_ failure: ServiceFailure) { state.withLock { $0.answer = .failure(failure) } }
  func say(_ status: ProtoNodeStatus?) { state.withLock { $0.status = status } }

  var asked: [ProtoResolveRequest] { state.withLock { $0.asked } }

  func resolution(_ request: ProtoResolveRequest) throws(ServiceFailure) -> [UInt8] {
    try state.withLock { state in
      state.asked.append(request)
      return state.answer
    }.get()
  }

  var askedLists: [ProtoStatusListRequest] { state.withLock { $0.lists } }

  func statusList(_ request: ProtoStatusListRequest) throws(ServiceFailure) -> [UInt8] {
    try state.withLock { state in
      state.lists.append(request)
      return state.answer
    }.get()
  }

  func status() async -> ProtoNodeStatus? { state.withLock { $0.status } }
}

/// A DID of a genesis, and what it would have become: version `n` is set at second `100 * n` after the genesis, plus 250 ms.
struct Lineage {
  static let genesisMilliseconds: UInt64 = 1_700_000_000_000

  let network: TestNetwork
  let did: CairnDID
  private let first: DIDRecord

  init() throws {
    network = try TestNetwork(
      validators: 1, timeMilliseconds: Self.genesisMilliseconds, address: { _ in (.init(host: "a", port: 1), .init(host: "a", port: 2)) })
    did = network.registrar.did
    guard let record = try GenesisBlock(network.genesis).state.version(of: network.registrar.did)?.record else { throw Missing() }
    first = record
  }

  struct Missing: Error {}

  var document: [UInt8] { first.documentJSON }

  static func milliseconds(ofVersion version: UInt64) -> UInt64 { genesisMilliseconds + 100_000 * version + (version > 0 ? 250 : 0) }

  /// The record of a version whose predecessors are all in the tree of earlier versions.
  func record(_ version: UInt64, isDeactivated: Bool = false) throws -> [UInt8] {
    var message = try ProtoDidRecord(serializedBytes: first.bytes)
    message.sequence = version
    message.updatedMs = Self.milliseconds(ofVersion: version)
    message.deactivated = isDeactivated
    message.earlier = Data(try leaves(before: version).reduce(into: LogFrontier()) { $0.append($1) }.peaks.flatMap(\.bytes))
    let bytes: [UInt8] = try message.serializedBytes()
    return bytes
  }

  private func leaves(before version: UInt64) throws -> [Digest] {
    try (0..<version).map { LogTree.leafHash(try record($0)) }
  }

  /// What a node answers when it is asked for the newest version.
  func newest(_ version: UInt64, isDeactivated: Bool = false) throws -> ProtoResolution {
    var resolution = ProtoResolution()
    resolution.record = Data(try record(version, isDeactivated: isDeactivated))
    resolution.document = Data(document)
    return resolution
  }

  /// What a node answers when it is asked for an earlier one. The newest one is version 2 or lower, so that paths stay trivial.
  func earlier(_ version: UInt64, newest: UInt64) throws -> ProtoResolution {
    var resolution = try self.newest(newest)
    resolution.version = try proven(version, newest: newest)
    if version + 1 < newest { resolution.successor = try proven(version + 1, newest: newest) }
    return resolution
  }

  /// What a node answers when it is asked for a time before the creation.
  func beforeCreation(newest: UInt64) throws -> ProtoResolution {
    var resolution = try self.newest(newest)
    resolution.document = Data()
    if newest > 0 { resolution.successor = try proven(0, newest: newest) }
    return resolution
  }

  private func proven(_ version: UInt64, newest: UInt64) throws -> ProtoEarlierVersion {
    var message = ProtoEarlierVersion()
    message.index = version
    message.record = Data(try record(version))
    message.path = newest == 2 ? [Data(LogTree.leafHash(try record(1 - version)).bytes)] : []
    return message
  }
}

extension Gateway {
  /// A gateway over a stub that knows the first version of a DID.
  static func stubbed(
    now: UInt64 = Lineage.genesisMilliseconds
  ) throws -> (gateway: Gateway, source: StubSource, lineage: Lineage) {
    let lineage = try Lineage()
    let source = StubSource(network: lineage.network.genesis.network)
    source.answer(with: try lineage.newest(0))
    return (Gateway(source, now: { now }), source, lineage)
  }

  func get(_ target: String, accept: String? = nil, headers: HTTPFields = [:]) async -> GatewayResponse {
    var headers = headers
    if let accept { headers[.accept] = accept }
    return await answer(GatewayRequest(target: target, headers: headers))
  }
}

extension GatewayResponse {
  var json: JSON? { try? JSON(parsing: body) }
  var contentType: String? { headers[.contentType] }

  /// The error object of a resolution or dereferencing result.
  var error: JSON? { (json?["didResolutionMetadata"] ?? json?["dereferencingMetadata"])?["error"] }

  /// `400 INVALID_DID no_did_scheme`, for example.
  var outcome: String {
    let name = error?["type"]?.string?.split(separator: "#").last ?? "-"
    let reason = error?["reason"]?.string ?? json?["reason"]?.string ?? "-"
    return "\(status.code) \(name) \(reason)"
  }
}
