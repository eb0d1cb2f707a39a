import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnSigner
import CairnStore
import Foundation
import NIOCore

extension Backend {
  /// Height, view, peers, who is missing, and why nothing moves when nothing moves.
  func status(on loop: any EventLoop) -> EventLoopFuture<ProtoNodeStatus> {
    let uptime = startedAt.duration(to: .now)
    return loop.makeFutureWithTask { [self] in
      let links = await mesh.peers()
      var status = try await core.submit { core in core.status(links) }.get()
      status.info.node = name
      status.uptimeMs = UInt64(max(0, uptime.components.seconds)) * 1000
      return status
    }
  }
}

extension NodeCore {
  func status(_ links: [CairnNetwork.PeerStatus]) -> ProtoNodeStatus {
    var status = ProtoNodeStatus()
    let head = parts.publisher.head.header
    status.info.network = Data(network.bytes)
    status.info.name = parts.genesis.name
    status.info.epoch = epoch.number
    status.info.height = head.height
    status.info.head = Data(head.digest.bytes)
    status.info.logSize = head.logSize
    status.info.validators = UInt32(validators.count)
    status.info.quorum = UInt32(validators.quorum)
    status.info.view = engine?.view ?? 0
    status.leader = UInt32(engine.map { $0.leader(of: $0.view) } ?? 0)
    status.validators = validators.validators.map(\.message)
    status.lastFinalMs = head.timeMilliseconds
    status.pendingTransactions = UInt32(clamping: mempool.count)
    status.pendingBytes = UInt64(mempool.byteCount)
    status.peers = links.map(peerStatus)
    let disabled = engine?.votingDisabledReason
    let signerProblem = reportSigner(&status)
    status.voting = engine != nil && epoch.index != nil && disabled == nil && haltReason == nil && signerProblem == nil
    status.notVotingBecause =
      haltReason?.label ?? disabled?.rawValue
      ?? (epoch.index == nil ? "not_a_validator" : engine == nil ? "waiting_for_peers" : signerProblem.map { "signer_\($0)" } ?? "")
    status.stalledBecause = stalledBecause
    status.evidence = evidence.map { Data($0.bytes) }
    status.snapshotHeight = parts.taker.newestHeight ?? 0
    status.historyFrom = parts.chain.gap.map { $0.base.header.height + 1 } ?? 0
    if let fetcher = snapshots.fetcher {
      status.snapshotParts = UInt32(clamping: fetcher.progress.done)
      status.snapshotPartsTotal = UInt32(clamping: fetcher.progress.total)
    }
    status.leaderTimeouts = UInt32(clamping: engine?.nullifyCounts[.leaderTimeout] ?? 0)
    if let policy = try? policyStanding() { status.policy = policy }
    return status
  }

  /// - Returns: why there is no connection to the signer, where there is to be one.
  private func reportSigner(_ status: inout ProtoNodeStatus) -> String? {
    guard let signing else { return nil }
    let signer = signing.signer.status
    status.signer.address = signer.address
    status.signer.connected = signer.problem == nil
    status.signer.problem = signer.problem ?? ""
    status.signer.skippedVotes = signing.skippedCount
    status.signer.lastFailure = signing.lastProblem?.reason ?? ""
    return signer.problem
  }

  private func peerStatus(_ link: CairnNetwork.PeerStatus) -> ProtoPeerStatus {
    var status = ProtoPeerStatus()
    status.name = link.name
    let index = directory.index(of: link.index)
    (status.index, status.follows) = (UInt32(index ?? 0), index == nil)
    status.connected = link.isConnectedIn && link.isConnectedOut
    status.address = link.address?.description ?? ""
    if let silence = link.silence {
      status.lastHeardMs = UInt64(clamping: silence.components.seconds * 1000 + silence.components.attoseconds / 1_000_000_000_000_000)
    }
    status.height = peers.claims[link.index]?.height ?? 0
    status.problem = status.connected ? "" : link.problem?.reason ?? ""
    return status
  }

  /// One sentence for a person; empty when nothing is wrong.
  private var stalledBecause: String {
    guard let engine else {
      return
        "waiting for \(validators.quorum - 1) other validators, heard from \(peers.greeted.count): consensus needs \(validators.quorum) of \(validators.count)"
    }
    let name = { (index: Int) in self.validators[index]?.name ?? "validator \(index)" }
    switch engine.waiting {
    case .idle: return ""
    case .leader(let leader): return "waiting for \(name(leader)) to propose in view \(engine.view)"
    case .votes(let kind, let missing):
      return "waiting for \(kind) votes of view \(engine.view); missing: \(missing.map(name).joined(separator: ", "))"
    case .peers(let heard, let quorum): return "heard from \(heard) validators of \(quorum) that are needed"
    case .blocks: return isTakingSnapshot ? "taking a snapshot of another node" : "fetching finalized blocks"
    case .halted(let reason): return "halted: \(reason.label)"
    }
  }
}
