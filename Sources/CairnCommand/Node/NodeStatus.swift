import ArgumentParser
import CairnCrypto
import CairnMessages
import Foundation

struct NodeStatus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show how a node sees itself: height, view, leader, peers, and why nothing moves when nothing moves.")

  @OptionGroup var admin: AdminOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let status = ShownStatus(try await admin.status(), now: Date())
    output.print(status, text: status.text)
  }
}

struct NodePeers: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peers", abstract: "Show a node's links to the other validators, and to those who follow.")

  @OptionGroup var admin: AdminOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let peers = try await admin.status().peers.map(ShownPeer.init)
    output.print(peers, text: peers.isEmpty ? "This network has no other validator." : Output.table(peers.map { ($0.name, $0.text) }))
  }
}

/// A node's local view, for people and programs.
struct ShownStatus: Encodable {
  let node: String
  let build: String
  let network: String
  let name: String
  let height: UInt64
  let view: UInt64
  let epoch: UInt64
  let head: String
  let logSize: UInt64
  /// Name of the current view's leader.
  let leader: String
  let validators: UInt32
  /// Names of the epoch's validators, in the order of their indices.
  let validatorNames: [String]
  let quorum: UInt32
  let connected: Int
  let lastFinalMs: UInt64
  let pendingTransactions: UInt32
  let pendingBytes: UInt64
  let isVoting: Bool
  let notVotingBecause: String?
  let stalledBecause: String?
  let missing: [String]
  let evidence: [String]
  let uptimeMs: UInt64
  let leaderTimeouts: UInt32
  /// That are not retired.
  let contracts: UInt64
  let frozen: UInt64
  /// That nobody has audited in time.
  let auditOverdue: UInt64
  /// Names, the first of them.
  let frozenContracts: [String]
  let overdueContracts: [String]
  let openProposals: UInt64
  /// Of a node whose votes are signed in another process.
  let signer: ShownSigner?
  /// Height of the newest snapshot made here.
  let snapshotHeight: UInt64?
  /// First block after a part of the history that the node has not got.
  let historyFrom: UInt64?
  /// Of a snapshot that is being fetched.
  let snapshotParts: UInt32?
  let snapshotPartsTotal: UInt32?
  let peers: [ShownPeer]
  private let now: Date

  private enum CodingKeys: String, CodingKey {
    case node, build, network, name, height, view, epoch, head, logSize, leader, validators, validatorNames, quorum, connected, lastFinalMs
    case pendingTransactions, pendingBytes, isVoting, notVotingBecause, stalledBecause, missing, evidence, uptimeMs, leaderTimeouts, signer,
      peers
    case contracts, frozen, auditOverdue, frozenContracts, overdueContracts, openProposals
    case snapshotHeight, historyFrom, snapshotParts, snapshotPartsTotal
  }

  init(_ status: ProtoNodeStatus, now: Date) {
    node = status.info.node
    build = status.info.build
    network = Hex.encode(status.info.network)
    name = status.info.name
    height = status.info.height
    view = status.info.view
    epoch = status.info.epoch
    head = Hex.encode(status.info.head)
    logSize = status.info.logSize
    validators = status.info.validators
    validatorNames = status.validators.map(\.name)
    quorum = status.info.quorum
    lastFinalMs = status.lastFinalMs
    pendingTransactions = status.pendingTransactions
    pendingBytes = status.pendingBytes
    isVoting = status.voting
    notVotingBecause = status.notVotingBecause.isEmpty ? nil : status.notVotingBecause
    stalledBecause = status.stalledBecause.isEmpty ? nil : status.stalledBecause
    evidence = status.evidence.map { Hex.encode($0) }
    uptimeMs = status.uptimeMs
    leaderTimeouts = status.leaderTimeouts
    let policy = status.policy
    (contracts, frozen, auditOverdue) = (policy.contracts, policy.frozen, policy.overdue)
    (frozenContracts, overdueContracts) = (policy.frozenContracts, policy.overdueContracts)
    openProposals = policy.openProposals
    signer = status.hasSigner ? ShownSigner(status.signer) : nil
    snapshotHeight = status.snapshotHeight > 0 ? status.snapshotHeight : nil
    historyFrom = status.historyFrom > 0 ? status.historyFrom : nil
    snapshotParts = status.snapshotPartsTotal > 0 ? status.snapshotParts : nil
    snapshotPartsTotal = status.snapshotPartsTotal > 0 ? status.snapshotPartsTotal : nil
    let peers = status.peers.map(ShownPeer.init)
    self.peers = peers
    leader = status.validators.indices.contains(Int(status.leader)) ? status.validators[Int(status.leader)].name : status.info.node
    connected = peers.count { $0.isConnected }
    missing = peers.filter { !$0.isConnected }.map(\.name)
    self.now = now
  }

  var text: String {
    let age = max(0, Int(now.timeIntervalSince1970) - Int(lastFinalMs / 1_000))
    var rows = [
      ("node", "\(node) of \(name)\(build.isEmpty ? "" : ", build \(build)"), up \(uptimeMs / 1_000) s"), ("network", network),
      ("height", "\(height), final \(age) s ago"), ("view", "\(view), leader \(leader)"),
      ("epoch", "\(epoch), \(validators) validators: \(validatorNames.joined(separator: ", "))"),
      ("peers", "\(connected) of \(peers.count) connected; quorum \(quorum) of \(validators)"),
      ("waiting", "\(pendingTransactions) transactions, \(pendingBytes) bytes"),
      ("voting", isVoting ? "yes" : "no: \(notVotingBecause ?? "not started")"),
    ]
    if contracts > 0 { rows.append(("contracts", "\(contracts)")) }
    if frozen > 0 { rows.append(("frozen", Self.names(frozenContracts, of: frozen))) }
    if auditOverdue > 0 { rows.append(("overdue", "audit of " + Self.names(overdueContracts, of: auditOverdue))) }
    if openProposals > 0 { rows.append(("proposals", "\(openProposals) open: see cairn governance list")) }
    if let signer { rows.append(("signer", signer.text)) }
    rows.append(("snapshot", snapshotHeight.map { "of height \($0)" } ?? "none yet"))
    if let snapshotParts, let snapshotPartsTotal {
      rows.append(("fetching", "a snapshot of another node, \(snapshotParts) of \(snapshotPartsTotal) parts"))
    }
    if let historyFrom { rows.append(("history", "from block \(historyFrom) on: this node began with a snapshot")) }
    if leaderTimeouts > 0 { rows.append(("timeouts", "\(leaderTimeouts) leaders were late since start")) }
    for peer in peers where !peer.isConnected { rows.append(("missing", "\(peer.name)  \(peer.text)")) }
    if !evidence.isEmpty { rows.append(("evidence", "\(evidence.count) proven faults of validators: see cairn evidence list")) }
    if let stalledBecause { rows.append(("stalled", stalledBecause)) }
    return Output.table(rows)
  }

  private static func names(_ names: [String], of count: UInt64) -> String {
    names.joined(separator: ", ") + (count > UInt64(names.count) ? " and \(count - UInt64(names.count)) more" : "")
  }
}

/// The connection to the signer of a node's votes.
struct ShownSigner: Encodable {
  let address: String
  let isConnected: Bool
  let problem: String?
  let skippedVotes: UInt64
  let lastFailure: String?

  init(_ signer: ProtoSignerStatus) {
    address = signer.address
    isConnected = signer.connected
    problem = signer.problem.isEmpty ? nil : signer.problem
    skippedVotes = signer.skippedVotes
    lastFailure = signer.lastFailure.isEmpty ? nil : signer.lastFailure
  }

  var text: String {
    "\(address)  " + (isConnected ? "connected" : "not connected" + (problem.map { ": \($0)" } ?? ""))
      + (skippedVotes == 0 ? "" : "; \(skippedVotes) votes skipped since start" + (lastFailure.map { ", the last: \($0)" } ?? ""))
  }
}

/// One link to another validator.
struct ShownPeer: Encodable {
  let name: String
  let index: UInt32
  /// It is no validator of the epoch.
  let isFollower: Bool
  let isConnected: Bool
  let address: String
  let lastHeardMs: UInt64
  let height: UInt64
  let view: UInt64
  let problem: String?

  init(_ peer: ProtoPeerStatus) {
    name = peer.name
    index = peer.index
    isFollower = peer.follows
    isConnected = peer.connected
    address = peer.address
    lastHeardMs = peer.lastHeardMs
    height = peer.height
    view = peer.view
    problem = peer.problem.isEmpty ? nil : peer.problem
  }

  var text: String {
    (isConnected
      ? "\(address)  connected, heard \(lastHeardMs) ms ago, says height \(height), view \(view)"
      : "\(address)  not connected" + (problem.map { ": \($0)" } ?? "")) + (isFollower ? "; follows" : "")
  }
}
