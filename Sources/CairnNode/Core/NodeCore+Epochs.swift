import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnStore
import Logging
import NIOCore

/// From one epoch to the next, and what is said to nodes that are in another one.
extension NodeCore {
  /// Links follow the epoch's validators and those who may follow them.
  func updateLinks() {
    do throws(LedgerFault) {
      directory.update(validators: epoch.validators, followers: try executor.finalized.followers())
    } catch {
      return fail(.ledger(error))
    }
    peers.forget(besides: Set(directory.peers.values.map(\.consensusKey)))
    mesh?.update(
      directory.peers.map { number, node in
        let address = peerAddresses[node.name] ?? HostAndPort(node.peerAddress)
        return Peer(
          index: number, name: node.name, nodeKey: node.nodeKey, address: address.map { PeerAddress(host: $0.host, port: $0.port) })
      })
  }

  /// Where a node listens when that is not what the ledger says, by its name.
  func setPeerAddress(_ address: HostAndPort, of name: String) {
    peerAddresses[name] = address
    updateLinks()
  }

  /// Once the last block of the epoch is final: the epoch's engine is let go of, whatever it still waits for, and the next epoch's starts
  /// from that block as its genesis. What is on its way to the disk is there before anything that the new engine signs.
  func followEpoch() {
    guard !isStopped, executor.finalized.epoch != epoch.number else { return }
    precondition(executor.finalized.epoch == epoch.number + 1, "no epoch is left out")
    begin(NodeEpoch(of: executor.finalized, genesis: executor.finalized.header, for: parts))
  }

  /// - Parameter finalization: of the newest block when that is the epoch's: the node comes into an epoch that has begun before.
  func begin(_ next: NodeEpoch, after finalization: Verified<Certificate>? = nil) {
    letGoOfEngine(after: finalization)
    epoch = next
    logger.notice(
      "A new epoch begins",
      metadata: [
        "epoch": "\(epoch.number)", "height": "\(epoch.genesis.height)", "validators": "\(epoch.validators.count)",
        "voting": "\(epoch.index != nil)",
      ])
    updateLinks()
    startWhenKnown()
  }

  /// Asks a peer that speaks of a later epoch for what leads there. A lie costs one request: what comes is checked block by block.
  func catchUp(with peer: Int) {
    guard synchronizer.guide == nil else { return }
    synchronizer.guide = peer
    synchronize()
  }

  /// Tells a peer in an earlier epoch how that one ended.
  func answer(_ peer: Int, inEpoch earlier: UInt64) {
    guard peers.mayAnswer(peer, at: loop.now) else { return }
    let (state, reader) = (executor.finalized, parts.reader)
    parts.environment.readers.run(on: loop) { () -> ByteBuffer? in
      guard let origin = state.originIndex(ofEpoch: earlier + 1), let end = try reader.end(ofEpoch: earlier, containing: origin)
      else { return nil }
      return ByteBuffer(bytes: end.finalization.bytes(validatorCount: end.validatorCount))
    }.assumeIsolated().whenSuccess { [weak self] certificate in
      guard let certificate else { return }
      self?.mesh?.send(PeerCode.certificate, certificate, to: peer)
    }
  }

  /// Whether a message is of this epoch. One of an earlier epoch is answered with that one's end, one of a later epoch shows where to catch up.
  func isOfThisEpoch(_ epoch: UInt64, from peer: Int) -> Bool {
    if epoch < self.epoch.number { answer(peer, inEpoch: epoch) }
    if epoch > self.epoch.number { catchUp(with: peer) }
    return epoch == self.epoch.number
  }
}
